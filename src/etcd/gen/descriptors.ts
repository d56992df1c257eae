// Made by scripts/generate-codecs.ts from proto/: change the files there, not this one.
import type { FieldDescriptor, FieldKind, MethodDescriptor } from "../descriptor.js";

function field(
  number: number, name: string, kind: FieldKind, repeated: boolean, type: string, oneof: string, comment: string,
): FieldDescriptor {
  return { number, name, kind, repeated, type, oneof, comment };
}

/** Fields of each message, in the order of its declaration. */
export const messageFields: ReadonlyMap<string, readonly FieldDescriptor[]> = new Map([
  ["mvccpb.KeyValue", [
    field(1, "key", "bytes", false, "", "", "key is the key in bytes. An empty key is not allowed."),
    field(2, "create_revision", "int64", false, "", "", "create_revision is the revision of last creation on this key."),
    field(3, "mod_revision", "int64", false, "", "", "mod_revision is the revision of last modification on this key."),
    field(4, "version", "int64", false, "", "", "version is the version of the key. A deletion resets the version to zero and any modification of the key increases its version."),
    field(5, "value", "bytes", false, "", "", "value is the value held by the key, in bytes."),
    field(6, "lease", "int64", false, "", "", "lease is the ID of the lease that attached to key. When the attached lease expires, the key will be deleted. If lease is 0, then no lease is attached to the key."),
  ]],
  ["mvccpb.Event", [
    field(1, "type", "enum", false, "mvccpb.Event.EventType", "", "type is the kind of event. If type is a PUT, it indicates new data has been stored to the key. If type is a DELETE, it indicates the key was deleted."),
    field(2, "kv", "message", false, "mvccpb.KeyValue", "", "kv holds the KeyValue for the event. A PUT event contains current kv pair. A PUT event with kv.Version=1 indicates the creation of a key. A DELETE/EXPIRE event contains the deleted key with its modification revision set to the revision of deletion."),
    field(3, "prev_kv", "message", false, "mvccpb.KeyValue", "", "prev_kv holds the key-value pair before the event happens."),
  ]],
  ["authpb.UserAddOptions", [
    field(1, "no_password", "bool", false, "", "", ""),
  ]],
  ["authpb.User", [
    field(1, "name", "bytes", false, "", "", ""),
    field(2, "password", "bytes", false, "", "", ""),
    field(3, "roles", "string", true, "", "", ""),
    field(4, "options", "message", false, "authpb.UserAddOptions", "", ""),
  ]],
  ["authpb.Permission", [
    field(1, "permType", "enum", false, "authpb.Permission.Type", "", ""),
    field(2, "key", "bytes", false, "", "", ""),
    field(3, "range_end", "bytes", false, "", "", ""),
  ]],
  ["authpb.Role", [
    field(1, "name", "bytes", false, "", "", ""),
    field(2, "keyPermission", "message", true, "authpb.Permission", "", ""),
  ]],
  ["etcdserverpb.ResponseHeader", [
    field(1, "cluster_id", "uint64", false, "", "", "cluster_id is the ID of the cluster which sent the response."),
    field(2, "member_id", "uint64", false, "", "", "member_id is the ID of the member which sent the response."),
    field(3, "revision", "int64", false, "", "", "revision is the key-value store revision when the request was applied, and it's unset (so 0) in case of calls not interacting with key-value store. For watch progress responses, the header.revision indicates progress. All future events received in this stream are guaranteed to have a higher revision number than the header.revision number."),
    field(4, "raft_term", "uint64", false, "", "", "raft_term is the raft term when the request was applied."),
  ]],
  ["etcdserverpb.RangeRequest", [
    field(1, "key", "bytes", false, "", "", "key is the first key for the range. If range_end is not given, the request only looks up key."),
    field(2, "range_end", "bytes", false, "", "", "range_end is the upper bound on the requested range [key, range_end). If range_end is '\\0', the range is all keys >= key. If range_end is key plus one (e.g., \"aa\"+1 == \"ab\", \"a\\xff\"+1 == \"b\"), then the range request gets all keys prefixed with key. If both key and range_end are '\\0', then the range request returns all keys."),
    field(3, "limit", "int64", false, "", "", "limit is a limit on the number of keys returned for the request. When limit is set to 0, it is treated as no limit."),
    field(4, "revision", "int64", false, "", "", "revision is the point-in-time of the key-value store to use for the range. If revision is less or equal to zero, the range is over the newest key-value store. If the revision has been compacted, ErrCompacted is returned as a response."),
    field(5, "sort_order", "enum", false, "etcdserverpb.RangeRequest.SortOrder", "", "sort_order is the order for returned sorted results."),
    field(6, "sort_target", "enum", false, "etcdserverpb.RangeRequest.SortTarget", "", "sort_target is the key-value field to use for sorting."),
    field(7, "serializable", "bool", false, "", "", "serializable sets the range request to use serializable member-local reads. Range requests are linearizable by default; linearizable requests have higher latency and lower throughput than serializable requests but reflect the current consensus of the cluster. For better performance, in exchange for possible stale reads, a serializable range request is served locally without needing to reach consensus with other nodes in the cluster."),
    field(8, "keys_only", "bool", false, "", "", "keys_only when set returns only the keys and not the values."),
    field(9, "count_only", "bool", false, "", "", "count_only when set returns only the count of the keys in the range."),
    field(10, "min_mod_revision", "int64", false, "", "", "min_mod_revision is the lower bound for returned key mod revisions; all keys with lesser mod revisions will be filtered away."),
    field(11, "max_mod_revision", "int64", false, "", "", "max_mod_revision is the upper bound for returned key mod revisions; all keys with greater mod revisions will be filtered away."),
    field(12, "min_create_revision", "int64", false, "", "", "min_create_revision is the lower bound for returned key create revisions; all keys with lesser create revisions will be filtered away."),
    field(13, "max_create_revision", "int64", false, "", "", "max_create_revision is the upper bound for returned key create revisions; all keys with greater create revisions will be filtered away."),
  ]],
  ["etcdserverpb.RangeResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "kvs", "message", true, "mvccpb.KeyValue", "", "kvs is the list of key-value pairs matched by the range request. kvs is empty when count is requested."),
    field(3, "more", "bool", false, "", "", "more indicates if there are more keys to return in the requested range."),
    field(4, "count", "int64", false, "", "", "count is set to the actual number of keys within the range when requested. Unlike Kvs, it is unaffected by limits and filters (e.g., Min/Max, Create/Modify, Revisions) and reflects the full count within the specified range."),
  ]],
  ["etcdserverpb.PutRequest", [
    field(1, "key", "bytes", false, "", "", "key is the key, in bytes, to put into the key-value store."),
    field(2, "value", "bytes", false, "", "", "value is the value, in bytes, to associate with the key in the key-value store."),
    field(3, "lease", "int64", false, "", "", "lease is the lease ID to associate with the key in the key-value store. A lease value of 0 indicates no lease."),
    field(4, "prev_kv", "bool", false, "", "", "If prev_kv is set, etcd gets the previous key-value pair before changing it. The previous key-value pair will be returned in the put response."),
    field(5, "ignore_value", "bool", false, "", "", "If ignore_value is set, etcd updates the key using its current value. Returns an error if the key does not exist."),
    field(6, "ignore_lease", "bool", false, "", "", "If ignore_lease is set, etcd updates the key using its current lease. Returns an error if the key does not exist."),
  ]],
  ["etcdserverpb.PutResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "prev_kv", "message", false, "mvccpb.KeyValue", "", "if prev_kv is set in the request, the previous key-value pair will be returned."),
  ]],
  ["etcdserverpb.DeleteRangeRequest", [
    field(1, "key", "bytes", false, "", "", "key is the first key to delete in the range."),
    field(2, "range_end", "bytes", false, "", "", "range_end is the key following the last key to delete for the range [key, range_end). If range_end is not given, the range is defined to contain only the key argument. If range_end is one bit larger than the given key, then the range is all the keys with the prefix (the given key). If range_end is '\\0', the range is all keys greater than or equal to the key argument."),
    field(3, "prev_kv", "bool", false, "", "", "If prev_kv is set, etcd gets the previous key-value pairs before deleting it. The previous key-value pairs will be returned in the delete response."),
  ]],
  ["etcdserverpb.DeleteRangeResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "deleted", "int64", false, "", "", "deleted is the number of keys deleted by the delete range request."),
    field(3, "prev_kvs", "message", true, "mvccpb.KeyValue", "", "if prev_kv is set in the request, the previous key-value pairs will be returned."),
  ]],
  ["etcdserverpb.RequestOp", [
    field(1, "request_range", "message", false, "etcdserverpb.RangeRequest", "request", ""),
    field(2, "request_put", "message", false, "etcdserverpb.PutRequest", "request", ""),
    field(3, "request_delete_range", "message", false, "etcdserverpb.DeleteRangeRequest", "request", ""),
    field(4, "request_txn", "message", false, "etcdserverpb.TxnRequest", "request", ""),
  ]],
  ["etcdserverpb.ResponseOp", [
    field(1, "response_range", "message", false, "etcdserverpb.RangeResponse", "response", ""),
    field(2, "response_put", "message", false, "etcdserverpb.PutResponse", "response", ""),
    field(3, "response_delete_range", "message", false, "etcdserverpb.DeleteRangeResponse", "response", ""),
    field(4, "response_txn", "message", false, "etcdserverpb.TxnResponse", "response", ""),
  ]],
  ["etcdserverpb.Compare", [
    field(1, "result", "enum", false, "etcdserverpb.Compare.CompareResult", "", "result is logical comparison operation for this comparison."),
    field(2, "target", "enum", false, "etcdserverpb.Compare.CompareTarget", "", "target is the key-value field to inspect for the comparison."),
    field(3, "key", "bytes", false, "", "", "key is the subject key for the comparison operation."),
    field(4, "version", "int64", false, "", "target_union", "version is the version of the given key"),
    field(5, "create_revision", "int64", false, "", "target_union", "create_revision is the creation revision of the given key"),
    field(6, "mod_revision", "int64", false, "", "target_union", "mod_revision is the last modified revision of the given key."),
    field(7, "value", "bytes", false, "", "target_union", "value is the value of the given key, in bytes."),
    field(8, "lease", "int64", false, "", "target_union", "lease is the lease id of the given key."),
    field(64, "range_end", "bytes", false, "", "", "range_end compares the given target to all keys in the range [key, range_end). See RangeRequest for more details on key ranges."),
  ]],
  ["etcdserverpb.TxnRequest", [
    field(1, "compare", "message", true, "etcdserverpb.Compare", "", "compare is a list of predicates representing a conjunction of terms. If the comparisons succeed, then the success requests will be processed in order, and the response will contain their respective responses in order. If the comparisons fail, then the failure requests will be processed in order, and the response will contain their respective responses in order."),
    field(2, "success", "message", true, "etcdserverpb.RequestOp", "", "success is a list of requests which will be applied when compare evaluates to true."),
    field(3, "failure", "message", true, "etcdserverpb.RequestOp", "", "failure is a list of requests which will be applied when compare evaluates to false."),
  ]],
  ["etcdserverpb.TxnResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "succeeded", "bool", false, "", "", "succeeded is set to true if the compare evaluated to true or false otherwise."),
    field(3, "responses", "message", true, "etcdserverpb.ResponseOp", "", "responses is a list of responses corresponding to the results from applying success if succeeded is true or failure if succeeded is false."),
  ]],
  ["etcdserverpb.CompactionRequest", [
    field(1, "revision", "int64", false, "", "", "revision is the key-value store revision for the compaction operation."),
    field(2, "physical", "bool", false, "", "", "physical is set so the RPC will wait until the compaction is physically applied to the local database such that compacted entries are totally removed from the backend database."),
  ]],
  ["etcdserverpb.CompactionResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.HashRequest", [
  ]],
  ["etcdserverpb.HashKVRequest", [
    field(1, "revision", "int64", false, "", "", "revision is the key-value store revision for the hash operation."),
  ]],
  ["etcdserverpb.HashKVResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "hash", "uint32", false, "", "", "hash is the hash value computed from the responding member's MVCC keys up to a given revision."),
    field(3, "compact_revision", "int64", false, "", "", "compact_revision is the compacted revision of key-value store when hash begins."),
    field(4, "hash_revision", "int64", false, "", "", "hash_revision is the revision up to which the hash is calculated."),
  ]],
  ["etcdserverpb.HashResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "hash", "uint32", false, "", "", "hash is the hash value computed from the responding member's KV's backend."),
  ]],
  ["etcdserverpb.SnapshotRequest", [
  ]],
  ["etcdserverpb.SnapshotResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", "header has the current key-value store information. The first header in the snapshot stream indicates the point in time of the snapshot."),
    field(2, "remaining_bytes", "uint64", false, "", "", "remaining_bytes is the number of blob bytes to be sent after this message"),
    field(3, "blob", "bytes", false, "", "", "blob contains the next chunk of the snapshot in the snapshot stream."),
    field(4, "version", "string", false, "", "", "local version of server that created the snapshot. In cluster with binaries with different version, each cluster can return different result. Informs which etcd server version should be used when restoring the snapshot."),
  ]],
  ["etcdserverpb.WatchRequest", [
    field(1, "create_request", "message", false, "etcdserverpb.WatchCreateRequest", "request_union", ""),
    field(2, "cancel_request", "message", false, "etcdserverpb.WatchCancelRequest", "request_union", ""),
    field(3, "progress_request", "message", false, "etcdserverpb.WatchProgressRequest", "request_union", ""),
  ]],
  ["etcdserverpb.WatchCreateRequest", [
    field(1, "key", "bytes", false, "", "", "key is the key to register for watching."),
    field(2, "range_end", "bytes", false, "", "", "range_end is the end of the range [key, range_end) to watch. If range_end is not given, only the key argument is watched. If range_end is equal to '\\0', all keys greater than or equal to the key argument are watched. If the range_end is one bit larger than the given key, then all keys with the prefix (the given key) will be watched."),
    field(3, "start_revision", "int64", false, "", "", "start_revision is an optional revision to watch from (inclusive). No start_revision is \"now\"."),
    field(4, "progress_notify", "bool", false, "", "", "progress_notify is set so that the etcd server will periodically send a WatchResponse with no events to the new watcher if there are no recent events. It is useful when clients wish to recover a disconnected watcher starting from a recent known revision. The etcd server may decide how often it will send notifications based on current load."),
    field(5, "filters", "enum", true, "etcdserverpb.WatchCreateRequest.FilterType", "", "filters filter the events at server side before it sends back to the watcher."),
    field(6, "prev_kv", "bool", false, "", "", "If prev_kv is set, created watcher gets the previous KV before the event happens. If the previous KV is already compacted, nothing will be returned."),
    field(7, "watch_id", "int64", false, "", "", "If watch_id is provided and non-zero, it will be assigned to this watcher. Since creating a watcher in etcd is not a synchronous operation, this can be used ensure that ordering is correct when creating multiple watchers on the same stream. Creating a watcher with an ID already in use on the stream will cause an error to be returned."),
    field(8, "fragment", "bool", false, "", "", "fragment enables splitting large revisions into multiple watch responses."),
  ]],
  ["etcdserverpb.WatchCancelRequest", [
    field(1, "watch_id", "int64", false, "", "", "watch_id is the watcher id to cancel so that no more events are transmitted."),
  ]],
  ["etcdserverpb.WatchProgressRequest", [
  ]],
  ["etcdserverpb.WatchResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "watch_id", "int64", false, "", "", "watch_id is the ID of the watcher that corresponds to the response."),
    field(3, "created", "bool", false, "", "", "created is set to true if the response is for a create watch request. The client should record the watch_id and expect to receive events for the created watcher from the same stream. All events sent to the created watcher will attach with the same watch_id."),
    field(4, "canceled", "bool", false, "", "", "canceled is set to true if the response is for a cancel watch request or if the start_revision has already been compacted. No further events will be sent to the canceled watcher."),
    field(5, "compact_revision", "int64", false, "", "", "compact_revision is set to the minimum index if a watcher tries to watch at a compacted index. This happens when creating a watcher at a compacted revision or the watcher cannot catch up with the progress of the key-value store. The client should treat the watcher as canceled and should not try to create any watcher with the same start_revision again."),
    field(6, "cancel_reason", "string", false, "", "", "cancel_reason indicates the reason for canceling the watcher."),
    field(7, "fragment", "bool", false, "", "", "framgment is true if large watch response was split over multiple responses."),
    field(11, "events", "message", true, "mvccpb.Event", "", ""),
  ]],
  ["etcdserverpb.LeaseGrantRequest", [
    field(1, "TTL", "int64", false, "", "", "TTL is the advisory time-to-live in seconds. Expired lease will return -1."),
    field(2, "ID", "int64", false, "", "", "ID is the requested ID for the lease. If ID is set to 0, the lessor chooses an ID."),
  ]],
  ["etcdserverpb.LeaseGrantResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "ID", "int64", false, "", "", "ID is the lease ID for the granted lease."),
    field(3, "TTL", "int64", false, "", "", "TTL is the server chosen lease time-to-live in seconds."),
    field(4, "error", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.LeaseRevokeRequest", [
    field(1, "ID", "int64", false, "", "", "ID is the lease ID to revoke. When the ID is revoked, all associated keys will be deleted."),
  ]],
  ["etcdserverpb.LeaseRevokeResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.LeaseCheckpoint", [
    field(1, "ID", "int64", false, "", "", "ID is the lease ID to checkpoint."),
    field(2, "remaining_TTL", "int64", false, "", "", "Remaining_TTL is the remaining time until expiry of the lease."),
  ]],
  ["etcdserverpb.LeaseCheckpointRequest", [
    field(1, "checkpoints", "message", true, "etcdserverpb.LeaseCheckpoint", "", ""),
  ]],
  ["etcdserverpb.LeaseCheckpointResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.LeaseKeepAliveRequest", [
    field(1, "ID", "int64", false, "", "", "ID is the lease ID for the lease to keep alive."),
  ]],
  ["etcdserverpb.LeaseKeepAliveResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "ID", "int64", false, "", "", "ID is the lease ID from the keep alive request."),
    field(3, "TTL", "int64", false, "", "", "TTL is the new time-to-live for the lease."),
  ]],
  ["etcdserverpb.LeaseTimeToLiveRequest", [
    field(1, "ID", "int64", false, "", "", "ID is the lease ID for the lease."),
    field(2, "keys", "bool", false, "", "", "keys is true to query all the keys attached to this lease."),
  ]],
  ["etcdserverpb.LeaseTimeToLiveResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "ID", "int64", false, "", "", "ID is the lease ID from the keep alive request."),
    field(3, "TTL", "int64", false, "", "", "TTL is the remaining TTL in seconds for the lease; the lease will expire in under TTL+1 seconds."),
    field(4, "grantedTTL", "int64", false, "", "", "GrantedTTL is the initial granted time in seconds upon lease creation/renewal."),
    field(5, "keys", "bytes", true, "", "", "Keys is the list of keys attached to this lease."),
  ]],
  ["etcdserverpb.LeaseLeasesRequest", [
  ]],
  ["etcdserverpb.LeaseStatus", [
    field(1, "ID", "int64", false, "", "", ""),
  ]],
  ["etcdserverpb.LeaseLeasesResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "leases", "message", true, "etcdserverpb.LeaseStatus", "", ""),
  ]],
  ["etcdserverpb.Member", [
    field(1, "ID", "uint64", false, "", "", "ID is the member ID for this member."),
    field(2, "name", "string", false, "", "", "name is the human-readable name of the member. If the member is not started, the name will be an empty string."),
    field(3, "peerURLs", "string", true, "", "", "peerURLs is the list of URLs the member exposes to the cluster for communication."),
    field(4, "clientURLs", "string", true, "", "", "clientURLs is the list of URLs the member exposes to clients for communication. If the member is not started, clientURLs will be empty."),
    field(5, "isLearner", "bool", false, "", "", "isLearner indicates if the member is raft learner."),
  ]],
  ["etcdserverpb.MemberAddRequest", [
    field(1, "peerURLs", "string", true, "", "", "peerURLs is the list of URLs the added member will use to communicate with the cluster."),
    field(2, "isLearner", "bool", false, "", "", "isLearner indicates if the added member is raft learner."),
  ]],
  ["etcdserverpb.MemberAddResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "member", "message", false, "etcdserverpb.Member", "", "member is the member information for the added member."),
    field(3, "members", "message", true, "etcdserverpb.Member", "", "members is a list of all members after adding the new member."),
  ]],
  ["etcdserverpb.MemberRemoveRequest", [
    field(1, "ID", "uint64", false, "", "", "ID is the member ID of the member to remove."),
  ]],
  ["etcdserverpb.MemberRemoveResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "members", "message", true, "etcdserverpb.Member", "", "members is a list of all members after removing the member."),
  ]],
  ["etcdserverpb.MemberUpdateRequest", [
    field(1, "ID", "uint64", false, "", "", "ID is the member ID of the member to update."),
    field(2, "peerURLs", "string", true, "", "", "peerURLs is the new list of URLs the member will use to communicate with the cluster."),
  ]],
  ["etcdserverpb.MemberUpdateResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "members", "message", true, "etcdserverpb.Member", "", "members is a list of all members after updating the member."),
  ]],
  ["etcdserverpb.MemberListRequest", [
    field(1, "linearizable", "bool", false, "", "", ""),
  ]],
  ["etcdserverpb.MemberListResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "members", "message", true, "etcdserverpb.Member", "", "members is a list of all members associated with the cluster."),
  ]],
  ["etcdserverpb.MemberPromoteRequest", [
    field(1, "ID", "uint64", false, "", "", "ID is the member ID of the member to promote."),
  ]],
  ["etcdserverpb.MemberPromoteResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "members", "message", true, "etcdserverpb.Member", "", "members is a list of all members after promoting the member."),
  ]],
  ["etcdserverpb.DefragmentRequest", [
  ]],
  ["etcdserverpb.DefragmentResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.MoveLeaderRequest", [
    field(1, "targetID", "uint64", false, "", "", "targetID is the node ID for the new leader."),
  ]],
  ["etcdserverpb.MoveLeaderResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AlarmRequest", [
    field(1, "action", "enum", false, "etcdserverpb.AlarmRequest.AlarmAction", "", "action is the kind of alarm request to issue. The action may GET alarm statuses, ACTIVATE an alarm, or DEACTIVATE a raised alarm."),
    field(2, "memberID", "uint64", false, "", "", "memberID is the ID of the member associated with the alarm. If memberID is 0, the alarm request covers all members."),
    field(3, "alarm", "enum", false, "etcdserverpb.AlarmType", "", "alarm is the type of alarm to consider for this request."),
  ]],
  ["etcdserverpb.AlarmMember", [
    field(1, "memberID", "uint64", false, "", "", "memberID is the ID of the member associated with the raised alarm."),
    field(2, "alarm", "enum", false, "etcdserverpb.AlarmType", "", "alarm is the type of alarm which has been raised."),
  ]],
  ["etcdserverpb.AlarmResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "alarms", "message", true, "etcdserverpb.AlarmMember", "", "alarms is a list of alarms associated with the alarm request."),
  ]],
  ["etcdserverpb.DowngradeRequest", [
    field(1, "action", "enum", false, "etcdserverpb.DowngradeRequest.DowngradeAction", "", "action is the kind of downgrade request to issue. The action may VALIDATE the target version, DOWNGRADE the cluster version, or CANCEL the current downgrading job."),
    field(2, "version", "string", false, "", "", "version is the target version to downgrade."),
  ]],
  ["etcdserverpb.DowngradeResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "version", "string", false, "", "", "version is the current cluster version."),
  ]],
  ["etcdserverpb.DowngradeVersionTestRequest", [
    field(1, "ver", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.StatusRequest", [
  ]],
  ["etcdserverpb.StatusResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "version", "string", false, "", "", "version is the cluster protocol version used by the responding member."),
    field(3, "dbSize", "int64", false, "", "", "dbSize is the size of the backend database physically allocated, in bytes, of the responding member."),
    field(4, "leader", "uint64", false, "", "", "leader is the member ID which the responding member believes is the current leader."),
    field(5, "raftIndex", "uint64", false, "", "", "raftIndex is the current raft committed index of the responding member."),
    field(6, "raftTerm", "uint64", false, "", "", "raftTerm is the current raft term of the responding member."),
    field(7, "raftAppliedIndex", "uint64", false, "", "", "raftAppliedIndex is the current raft applied index of the responding member."),
    field(8, "errors", "string", true, "", "", "errors contains alarm/health information and status."),
    field(9, "dbSizeInUse", "int64", false, "", "", "dbSizeInUse is the size of the backend database logically in use, in bytes, of the responding member."),
    field(10, "isLearner", "bool", false, "", "", "isLearner indicates if the member is raft learner."),
    field(11, "storageVersion", "string", false, "", "", "storageVersion is the version of the db file. It might be updated with delay in relationship to the target cluster version."),
    field(12, "dbSizeQuota", "int64", false, "", "", "dbSizeQuota is the configured etcd storage quota in bytes (the value passed to etcd instance by flag --quota-backend-bytes)"),
    field(13, "downgradeInfo", "message", false, "etcdserverpb.DowngradeInfo", "", "downgradeInfo indicates if there is downgrade process."),
  ]],
  ["etcdserverpb.DowngradeInfo", [
    field(1, "enabled", "bool", false, "", "", "enabled indicates whether the cluster is enabled to downgrade."),
    field(2, "targetVersion", "string", false, "", "", "targetVersion is the target downgrade version."),
  ]],
  ["etcdserverpb.AuthEnableRequest", [
  ]],
  ["etcdserverpb.AuthDisableRequest", [
  ]],
  ["etcdserverpb.AuthStatusRequest", [
  ]],
  ["etcdserverpb.AuthenticateRequest", [
    field(1, "name", "string", false, "", "", ""),
    field(2, "password", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserAddRequest", [
    field(1, "name", "string", false, "", "", ""),
    field(2, "password", "string", false, "", "", ""),
    field(3, "options", "message", false, "authpb.UserAddOptions", "", ""),
    field(4, "hashedPassword", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserGetRequest", [
    field(1, "name", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserDeleteRequest", [
    field(1, "name", "string", false, "", "", "name is the name of the user to delete."),
  ]],
  ["etcdserverpb.AuthUserChangePasswordRequest", [
    field(1, "name", "string", false, "", "", "name is the name of the user whose password is being changed."),
    field(2, "password", "string", false, "", "", "password is the new password for the user. Note that this field will be removed in the API layer."),
    field(3, "hashedPassword", "string", false, "", "", "hashedPassword is the new password for the user. Note that this field will be initialized in the API layer."),
  ]],
  ["etcdserverpb.AuthUserGrantRoleRequest", [
    field(1, "user", "string", false, "", "", "user is the name of the user which should be granted a given role."),
    field(2, "role", "string", false, "", "", "role is the name of the role to grant to the user."),
  ]],
  ["etcdserverpb.AuthUserRevokeRoleRequest", [
    field(1, "name", "string", false, "", "", ""),
    field(2, "role", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthRoleAddRequest", [
    field(1, "name", "string", false, "", "", "name is the name of the role to add to the authentication system."),
  ]],
  ["etcdserverpb.AuthRoleGetRequest", [
    field(1, "role", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserListRequest", [
  ]],
  ["etcdserverpb.AuthRoleListRequest", [
  ]],
  ["etcdserverpb.AuthRoleDeleteRequest", [
    field(1, "role", "string", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthRoleGrantPermissionRequest", [
    field(1, "name", "string", false, "", "", "name is the name of the role which will be granted the permission."),
    field(2, "perm", "message", false, "authpb.Permission", "", "perm is the permission to grant to the role."),
  ]],
  ["etcdserverpb.AuthRoleRevokePermissionRequest", [
    field(1, "role", "string", false, "", "", ""),
    field(2, "key", "bytes", false, "", "", ""),
    field(3, "range_end", "bytes", false, "", "", ""),
  ]],
  ["etcdserverpb.AuthEnableResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthDisableResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthStatusResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "enabled", "bool", false, "", "", ""),
    field(3, "authRevision", "uint64", false, "", "", "authRevision is the current revision of auth store"),
  ]],
  ["etcdserverpb.AuthenticateResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "token", "string", false, "", "", "token is an authorized token that can be used in succeeding RPCs"),
  ]],
  ["etcdserverpb.AuthUserAddResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthUserGetResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "roles", "string", true, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserDeleteResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthUserChangePasswordResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthUserGrantRoleResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthUserRevokeRoleResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthRoleAddResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthRoleGetResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "perm", "message", true, "authpb.Permission", "", ""),
  ]],
  ["etcdserverpb.AuthRoleListResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "roles", "string", true, "", "", ""),
  ]],
  ["etcdserverpb.AuthUserListResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "users", "string", true, "", "", ""),
  ]],
  ["etcdserverpb.AuthRoleDeleteResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthRoleGrantPermissionResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.AuthRoleRevokePermissionResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["etcdserverpb.RangeStreamResponse", [
    field(1, "range_response", "message", false, "etcdserverpb.RangeResponse", "", "range_response is a partial response for the KV.RangeStream RPC. The result of proto.Merge() applied on all responses should result in the same RangeResponse response as to the Range() method. Field population across chunks: - kvs: each chunk carries a disjoint slice of the result. Concatenating them in order yields the full key set. - header, more, count: set only on the final chunk. Non-merge clients can rely on io.EOF (end of stream) to detect completion. These fields are provided for clients that merge all responses into a single RangeResponse."),
  ]],
  ["v3lockpb.LockRequest", [
    field(1, "name", "bytes", false, "", "", "name is the identifier for the distributed shared lock to be acquired."),
    field(2, "lease", "int64", false, "", "", "lease is the ID of the lease that will be attached to ownership of the lock. If the lease expires or is revoked and currently holds the lock, the lock is automatically released. Calls to Lock with the same lease will be treated as a single acquisition; locking twice with the same lease is a no-op."),
  ]],
  ["v3lockpb.LockResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "key", "bytes", false, "", "", "key is a key that will exist on etcd for the duration that the Lock caller owns the lock. Users should not modify this key or the lock may exhibit undefined behavior."),
  ]],
  ["v3lockpb.UnlockRequest", [
    field(1, "key", "bytes", false, "", "", "key is the lock ownership key granted by Lock."),
  ]],
  ["v3lockpb.UnlockResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["v3electionpb.CampaignRequest", [
    field(1, "name", "bytes", false, "", "", "name is the election's identifier for the campaign."),
    field(2, "lease", "int64", false, "", "", "lease is the ID of the lease attached to leadership of the election. If the lease expires or is revoked before resigning leadership, then the leadership is transferred to the next campaigner, if any."),
    field(3, "value", "bytes", false, "", "", "value is the initial proclaimed value set when the campaigner wins the election."),
  ]],
  ["v3electionpb.CampaignResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "leader", "message", false, "v3electionpb.LeaderKey", "", "leader describes the resources used for holding leadereship of the election."),
  ]],
  ["v3electionpb.LeaderKey", [
    field(1, "name", "bytes", false, "", "", "name is the election identifier that corresponds to the leadership key."),
    field(2, "key", "bytes", false, "", "", "key is an opaque key representing the ownership of the election. If the key is deleted, then leadership is lost."),
    field(3, "rev", "int64", false, "", "", "rev is the creation revision of the key. It can be used to test for ownership of an election during transactions by testing the key's creation revision matches rev."),
    field(4, "lease", "int64", false, "", "", "lease is the lease ID of the election leader."),
  ]],
  ["v3electionpb.LeaderRequest", [
    field(1, "name", "bytes", false, "", "", "name is the election identifier for the leadership information."),
  ]],
  ["v3electionpb.LeaderResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
    field(2, "kv", "message", false, "mvccpb.KeyValue", "", "kv is the key-value pair representing the latest leader update."),
  ]],
  ["v3electionpb.ResignRequest", [
    field(1, "leader", "message", false, "v3electionpb.LeaderKey", "", "leader is the leadership to relinquish by resignation."),
  ]],
  ["v3electionpb.ResignResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["v3electionpb.ProclaimRequest", [
    field(1, "leader", "message", false, "v3electionpb.LeaderKey", "", "leader is the leadership hold on the election."),
    field(2, "value", "bytes", false, "", "", "value is an update meant to overwrite the leader's current value."),
  ]],
  ["v3electionpb.ProclaimResponse", [
    field(1, "header", "message", false, "etcdserverpb.ResponseHeader", "", ""),
  ]],
  ["grpc.health.v1.HealthCheckRequest", [
    field(1, "service", "string", false, "", "", ""),
  ]],
  ["grpc.health.v1.HealthCheckResponse", [
    field(1, "status", "enum", false, "grpc.health.v1.HealthCheckResponse.ServingStatus", "", ""),
  ]],
  ["t4.v1.CollectRequest", [
    field(1, "cluster_id", "uint64", false, "", "", "The database that is meant: a server of another one refuses."),
    field(2, "keep", "uint32", false, "", "", "Checkpoints that are kept at least; 1 or more."),
    field(3, "restore_window_ms", "int64", false, "", "", "How far back any moment can be restored."),
    field(4, "grace_ms", "int64", false, "", "", "How long what is needed no more is kept all the same; a minute or more."),
    field(5, "dry_run", "bool", false, "", "", "Only tell what would be done."),
  ]],
  ["t4.v1.CollectedObject", [
    field(1, "key", "string", false, "", "", ""),
    field(2, "bytes", "int64", false, "", "", ""),
  ]],
  ["t4.v1.CollectResponse", [
    field(1, "kind", "string", false, "", "", "\"collected\"; \"planned\" for a dry run; \"disturbed\": nothing is wrong, ask again; \"fenced\": this server does not lead any more."),
    field(2, "deleted", "message", true, "t4.v1.CollectedObject", "", ""),
    field(3, "condemned", "message", true, "t4.v1.CollectedObject", "", "To be deleted when the grace is over."),
    field(4, "dropped_checkpoints", "string", true, "", "", ""),
    field(5, "kept_checkpoints", "string", true, "", "", ""),
  ]],
]);

/** Numbers of each enum's names. */
export const enumValues: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([
  ["mvccpb.Event.EventType", new Map([["PUT",0],["DELETE",1]])],
  ["authpb.Permission.Type", new Map([["READ",0],["WRITE",1],["READWRITE",2]])],
  ["etcdserverpb.RangeRequest.SortOrder", new Map([["NONE",0],["ASCEND",1],["DESCEND",2]])],
  ["etcdserverpb.RangeRequest.SortTarget", new Map([["KEY",0],["VERSION",1],["CREATE",2],["MOD",3],["VALUE",4]])],
  ["etcdserverpb.Compare.CompareResult", new Map([["EQUAL",0],["GREATER",1],["LESS",2],["NOT_EQUAL",3]])],
  ["etcdserverpb.Compare.CompareTarget", new Map([["VERSION",0],["CREATE",1],["MOD",2],["VALUE",3],["LEASE",4]])],
  ["etcdserverpb.WatchCreateRequest.FilterType", new Map([["NOPUT",0],["NODELETE",1]])],
  ["etcdserverpb.AlarmType", new Map([["NONE",0],["NOSPACE",1],["CORRUPT",2]])],
  ["etcdserverpb.AlarmRequest.AlarmAction", new Map([["GET",0],["ACTIVATE",1],["DEACTIVATE",2]])],
  ["etcdserverpb.DowngradeRequest.DowngradeAction", new Map([["VALIDATE",0],["ENABLE",1],["CANCEL",2]])],
  ["grpc.health.v1.HealthCheckResponse.ServingStatus", new Map([["UNKNOWN",0],["SERVING",1],["NOT_SERVING",2],["SERVICE_UNKNOWN",3]])],
]);

export const methodDescriptors: readonly MethodDescriptor[] = [
  {"path":"/etcdserverpb.KV/Range","request":"etcdserverpb.RangeRequest","response":"etcdserverpb.RangeResponse","clientStreams":false,"serverStreams":false,"comment":"Range gets the keys in the range from the key-value store."},
  {"path":"/etcdserverpb.KV/RangeStream","request":"etcdserverpb.RangeRequest","response":"etcdserverpb.RangeStreamResponse","clientStreams":false,"serverStreams":true,"comment":"RangeStream gets the keys in the range from the key-value store. This RPC is intentionally gRPC-only and does not provide a grpc-gateway REST mapping, because streaming chunked responses are not a good fit for standard JSON/REST semantics."},
  {"path":"/etcdserverpb.KV/Put","request":"etcdserverpb.PutRequest","response":"etcdserverpb.PutResponse","clientStreams":false,"serverStreams":false,"comment":"Put puts the given key into the key-value store. A put request increments the revision of the key-value store and generates one event in the event history."},
  {"path":"/etcdserverpb.KV/DeleteRange","request":"etcdserverpb.DeleteRangeRequest","response":"etcdserverpb.DeleteRangeResponse","clientStreams":false,"serverStreams":false,"comment":"DeleteRange deletes the given range from the key-value store. A delete request increments the revision of the key-value store and generates a delete event in the event history for every deleted key."},
  {"path":"/etcdserverpb.KV/Txn","request":"etcdserverpb.TxnRequest","response":"etcdserverpb.TxnResponse","clientStreams":false,"serverStreams":false,"comment":"Txn processes multiple requests in a single transaction. A txn request increments the revision of the key-value store and generates events with the same revision for every completed request. It is not allowed to modify the same key several times within one txn."},
  {"path":"/etcdserverpb.KV/Compact","request":"etcdserverpb.CompactionRequest","response":"etcdserverpb.CompactionResponse","clientStreams":false,"serverStreams":false,"comment":"Compact compacts the event history in the etcd key-value store. The key-value store should be periodically compacted or the event history will continue to grow indefinitely."},
  {"path":"/etcdserverpb.Watch/Watch","request":"etcdserverpb.WatchRequest","response":"etcdserverpb.WatchResponse","clientStreams":true,"serverStreams":true,"comment":"Watch watches for events happening or that have happened. Both input and output are streams; the input stream is for creating and canceling watchers and the output stream sends events. One watch RPC can watch on multiple key ranges, streaming events for several watches at once. The entire event history can be watched starting from the last compaction revision."},
  {"path":"/etcdserverpb.Lease/LeaseGrant","request":"etcdserverpb.LeaseGrantRequest","response":"etcdserverpb.LeaseGrantResponse","clientStreams":false,"serverStreams":false,"comment":"LeaseGrant creates a lease which expires if the server does not receive a keepAlive within a given time to live period. All keys attached to the lease will be expired and deleted if the lease expires. Each expired key generates a delete event in the event history."},
  {"path":"/etcdserverpb.Lease/LeaseRevoke","request":"etcdserverpb.LeaseRevokeRequest","response":"etcdserverpb.LeaseRevokeResponse","clientStreams":false,"serverStreams":false,"comment":"LeaseRevoke revokes a lease. All keys attached to the lease will expire and be deleted."},
  {"path":"/etcdserverpb.Lease/LeaseKeepAlive","request":"etcdserverpb.LeaseKeepAliveRequest","response":"etcdserverpb.LeaseKeepAliveResponse","clientStreams":true,"serverStreams":true,"comment":"LeaseKeepAlive keeps the lease alive by streaming keep alive requests from the client to the server and streaming keep alive responses from the server to the client."},
  {"path":"/etcdserverpb.Lease/LeaseTimeToLive","request":"etcdserverpb.LeaseTimeToLiveRequest","response":"etcdserverpb.LeaseTimeToLiveResponse","clientStreams":false,"serverStreams":false,"comment":"LeaseTimeToLive retrieves lease information."},
  {"path":"/etcdserverpb.Lease/LeaseLeases","request":"etcdserverpb.LeaseLeasesRequest","response":"etcdserverpb.LeaseLeasesResponse","clientStreams":false,"serverStreams":false,"comment":"LeaseLeases lists all existing leases."},
  {"path":"/etcdserverpb.Cluster/MemberAdd","request":"etcdserverpb.MemberAddRequest","response":"etcdserverpb.MemberAddResponse","clientStreams":false,"serverStreams":false,"comment":"MemberAdd adds a member into the cluster."},
  {"path":"/etcdserverpb.Cluster/MemberRemove","request":"etcdserverpb.MemberRemoveRequest","response":"etcdserverpb.MemberRemoveResponse","clientStreams":false,"serverStreams":false,"comment":"MemberRemove removes an existing member from the cluster."},
  {"path":"/etcdserverpb.Cluster/MemberUpdate","request":"etcdserverpb.MemberUpdateRequest","response":"etcdserverpb.MemberUpdateResponse","clientStreams":false,"serverStreams":false,"comment":"MemberUpdate updates the member configuration."},
  {"path":"/etcdserverpb.Cluster/MemberList","request":"etcdserverpb.MemberListRequest","response":"etcdserverpb.MemberListResponse","clientStreams":false,"serverStreams":false,"comment":"MemberList lists all the members in the cluster."},
  {"path":"/etcdserverpb.Cluster/MemberPromote","request":"etcdserverpb.MemberPromoteRequest","response":"etcdserverpb.MemberPromoteResponse","clientStreams":false,"serverStreams":false,"comment":"MemberPromote promotes a member from raft learner (non-voting) to raft voting member."},
  {"path":"/etcdserverpb.Maintenance/Alarm","request":"etcdserverpb.AlarmRequest","response":"etcdserverpb.AlarmResponse","clientStreams":false,"serverStreams":false,"comment":"Alarm activates, deactivates, and queries alarms regarding cluster health."},
  {"path":"/etcdserverpb.Maintenance/Status","request":"etcdserverpb.StatusRequest","response":"etcdserverpb.StatusResponse","clientStreams":false,"serverStreams":false,"comment":"Status gets the status of the member."},
  {"path":"/etcdserverpb.Maintenance/Defragment","request":"etcdserverpb.DefragmentRequest","response":"etcdserverpb.DefragmentResponse","clientStreams":false,"serverStreams":false,"comment":"Defragment defragments a member's backend database to recover storage space."},
  {"path":"/etcdserverpb.Maintenance/Hash","request":"etcdserverpb.HashRequest","response":"etcdserverpb.HashResponse","clientStreams":false,"serverStreams":false,"comment":"Hash computes the hash of whole backend keyspace, including key, lease, and other buckets in storage. This is designed for testing ONLY! Do not rely on this in production with ongoing transactions, since Hash operation does not hold MVCC locks. Use \"HashKV\" API instead for \"key\" bucket consistency checks."},
  {"path":"/etcdserverpb.Maintenance/HashKV","request":"etcdserverpb.HashKVRequest","response":"etcdserverpb.HashKVResponse","clientStreams":false,"serverStreams":false,"comment":"HashKV computes the hash of all MVCC keys up to a given revision. It only iterates \"key\" bucket in backend storage."},
  {"path":"/etcdserverpb.Maintenance/Snapshot","request":"etcdserverpb.SnapshotRequest","response":"etcdserverpb.SnapshotResponse","clientStreams":false,"serverStreams":true,"comment":"Snapshot sends a snapshot of the entire backend from a member over a stream to a client."},
  {"path":"/etcdserverpb.Maintenance/MoveLeader","request":"etcdserverpb.MoveLeaderRequest","response":"etcdserverpb.MoveLeaderResponse","clientStreams":false,"serverStreams":false,"comment":"MoveLeader requests current leader node to transfer its leadership to transferee."},
  {"path":"/etcdserverpb.Maintenance/Downgrade","request":"etcdserverpb.DowngradeRequest","response":"etcdserverpb.DowngradeResponse","clientStreams":false,"serverStreams":false,"comment":"Downgrade requests downgrades, verifies feasibility or cancels downgrade on the cluster version. Supported since etcd 3.5."},
  {"path":"/etcdserverpb.Auth/AuthEnable","request":"etcdserverpb.AuthEnableRequest","response":"etcdserverpb.AuthEnableResponse","clientStreams":false,"serverStreams":false,"comment":"AuthEnable enables authentication."},
  {"path":"/etcdserverpb.Auth/AuthDisable","request":"etcdserverpb.AuthDisableRequest","response":"etcdserverpb.AuthDisableResponse","clientStreams":false,"serverStreams":false,"comment":"AuthDisable disables authentication."},
  {"path":"/etcdserverpb.Auth/AuthStatus","request":"etcdserverpb.AuthStatusRequest","response":"etcdserverpb.AuthStatusResponse","clientStreams":false,"serverStreams":false,"comment":"AuthStatus displays authentication status."},
  {"path":"/etcdserverpb.Auth/Authenticate","request":"etcdserverpb.AuthenticateRequest","response":"etcdserverpb.AuthenticateResponse","clientStreams":false,"serverStreams":false,"comment":"Authenticate processes an authenticate request."},
  {"path":"/etcdserverpb.Auth/UserAdd","request":"etcdserverpb.AuthUserAddRequest","response":"etcdserverpb.AuthUserAddResponse","clientStreams":false,"serverStreams":false,"comment":"UserAdd adds a new user. User name cannot be empty."},
  {"path":"/etcdserverpb.Auth/UserGet","request":"etcdserverpb.AuthUserGetRequest","response":"etcdserverpb.AuthUserGetResponse","clientStreams":false,"serverStreams":false,"comment":"UserGet gets detailed user information."},
  {"path":"/etcdserverpb.Auth/UserList","request":"etcdserverpb.AuthUserListRequest","response":"etcdserverpb.AuthUserListResponse","clientStreams":false,"serverStreams":false,"comment":"UserList gets a list of all users."},
  {"path":"/etcdserverpb.Auth/UserDelete","request":"etcdserverpb.AuthUserDeleteRequest","response":"etcdserverpb.AuthUserDeleteResponse","clientStreams":false,"serverStreams":false,"comment":"UserDelete deletes a specified user."},
  {"path":"/etcdserverpb.Auth/UserChangePassword","request":"etcdserverpb.AuthUserChangePasswordRequest","response":"etcdserverpb.AuthUserChangePasswordResponse","clientStreams":false,"serverStreams":false,"comment":"UserChangePassword changes the password of a specified user."},
  {"path":"/etcdserverpb.Auth/UserGrantRole","request":"etcdserverpb.AuthUserGrantRoleRequest","response":"etcdserverpb.AuthUserGrantRoleResponse","clientStreams":false,"serverStreams":false,"comment":"UserGrantRole grants a role to a specified user."},
  {"path":"/etcdserverpb.Auth/UserRevokeRole","request":"etcdserverpb.AuthUserRevokeRoleRequest","response":"etcdserverpb.AuthUserRevokeRoleResponse","clientStreams":false,"serverStreams":false,"comment":"UserRevokeRole revokes a role of specified user."},
  {"path":"/etcdserverpb.Auth/RoleAdd","request":"etcdserverpb.AuthRoleAddRequest","response":"etcdserverpb.AuthRoleAddResponse","clientStreams":false,"serverStreams":false,"comment":"RoleAdd adds a new role. Role name cannot be empty."},
  {"path":"/etcdserverpb.Auth/RoleGet","request":"etcdserverpb.AuthRoleGetRequest","response":"etcdserverpb.AuthRoleGetResponse","clientStreams":false,"serverStreams":false,"comment":"RoleGet gets detailed role information."},
  {"path":"/etcdserverpb.Auth/RoleList","request":"etcdserverpb.AuthRoleListRequest","response":"etcdserverpb.AuthRoleListResponse","clientStreams":false,"serverStreams":false,"comment":"RoleList gets lists of all roles."},
  {"path":"/etcdserverpb.Auth/RoleDelete","request":"etcdserverpb.AuthRoleDeleteRequest","response":"etcdserverpb.AuthRoleDeleteResponse","clientStreams":false,"serverStreams":false,"comment":"RoleDelete deletes a specified role."},
  {"path":"/etcdserverpb.Auth/RoleGrantPermission","request":"etcdserverpb.AuthRoleGrantPermissionRequest","response":"etcdserverpb.AuthRoleGrantPermissionResponse","clientStreams":false,"serverStreams":false,"comment":"RoleGrantPermission grants a permission of a specified key or range to a specified role."},
  {"path":"/etcdserverpb.Auth/RoleRevokePermission","request":"etcdserverpb.AuthRoleRevokePermissionRequest","response":"etcdserverpb.AuthRoleRevokePermissionResponse","clientStreams":false,"serverStreams":false,"comment":"RoleRevokePermission revokes a key or range permission of a specified role."},
  {"path":"/v3lockpb.Lock/Lock","request":"v3lockpb.LockRequest","response":"v3lockpb.LockResponse","clientStreams":false,"serverStreams":false,"comment":"Lock acquires a distributed shared lock on a given named lock. On success, it will return a unique key that exists so long as the lock is held by the caller. This key can be used in conjunction with transactions to safely ensure updates to etcd only occur while holding lock ownership. The lock is held until Unlock is called on the key or the lease associate with the owner expires."},
  {"path":"/v3lockpb.Lock/Unlock","request":"v3lockpb.UnlockRequest","response":"v3lockpb.UnlockResponse","clientStreams":false,"serverStreams":false,"comment":"Unlock takes a key returned by Lock and releases the hold on lock. The next Lock caller waiting for the lock will then be woken up and given ownership of the lock."},
  {"path":"/v3electionpb.Election/Campaign","request":"v3electionpb.CampaignRequest","response":"v3electionpb.CampaignResponse","clientStreams":false,"serverStreams":false,"comment":"Campaign waits to acquire leadership in an election, returning a LeaderKey representing the leadership if successful. The LeaderKey can then be used to issue new values on the election, transactionally guard API requests on leadership still being held, and resign from the election."},
  {"path":"/v3electionpb.Election/Proclaim","request":"v3electionpb.ProclaimRequest","response":"v3electionpb.ProclaimResponse","clientStreams":false,"serverStreams":false,"comment":"Proclaim updates the leader's posted value with a new value."},
  {"path":"/v3electionpb.Election/Leader","request":"v3electionpb.LeaderRequest","response":"v3electionpb.LeaderResponse","clientStreams":false,"serverStreams":false,"comment":"Leader returns the current election proclamation, if any."},
  {"path":"/v3electionpb.Election/Observe","request":"v3electionpb.LeaderRequest","response":"v3electionpb.LeaderResponse","clientStreams":false,"serverStreams":true,"comment":"Observe streams election proclamations in-order as made by the election's elected leaders."},
  {"path":"/v3electionpb.Election/Resign","request":"v3electionpb.ResignRequest","response":"v3electionpb.ResignResponse","clientStreams":false,"serverStreams":false,"comment":"Resign releases election leadership so other campaigners may acquire leadership on the election."},
  {"path":"/grpc.health.v1.Health/Check","request":"grpc.health.v1.HealthCheckRequest","response":"grpc.health.v1.HealthCheckResponse","clientStreams":false,"serverStreams":false,"comment":"Check gets the health of the specified service. If the requested service is unknown, the call will fail with status NOT_FOUND. If the caller does not specify a service name, the server should respond with its overall health status."},
  {"path":"/grpc.health.v1.Health/Watch","request":"grpc.health.v1.HealthCheckRequest","response":"grpc.health.v1.HealthCheckResponse","clientStreams":false,"serverStreams":true,"comment":"Performs a watch for the serving status of the requested service. The server will immediately send back a message indicating the current serving status. It will then subsequently send a new message whenever the service's serving status changes."},
  {"path":"/t4.v1.Admin/Collect","request":"t4.v1.CollectRequest","response":"t4.v1.CollectResponse","clientStreams":false,"serverStreams":false,"comment":"Removes from the object store what no checkpoint that is kept, no branch and no point of the restore window needs."},
];
