"""Uses the Python client `etcd3` as its users do and prints, one JSON line a step, what it was told.

Usage: etcd3_session.py HOST PORT GROUP. What differs from server to server (ids, sizes, addresses) is left out, so that
two servers can be compared line by line.
"""
import hashlib
import io
import json
import queue
import sys
import threading

import etcd3
from etcd3 import exceptions

WAIT_SECONDS = 20


def show(step, **facts):
    print(json.dumps({"step": step, **facts}, sort_keys=True, default=lambda b: b.decode("latin1")), flush=True)


def row(meta):
    return {
        "key": meta.key,
        "create": meta.create_revision,
        "mod": meta.mod_revision,
        "version": meta.version,
        "has_lease": meta.lease_id != 0,
    }


def rows(found):
    return [{"value": value, **row(meta)} for value, meta in found]


def failure(action):
    try:
        action()
        return None
    except exceptions.Etcd3Exception as error:
        return type(error).__name__
    except Exception as error:  # A grpc.RpcError, whose class is made by the library.
        code = getattr(error, "code", None)
        if code is None:
            raise
        return [code().name, error.details()]


def keys(client):
    client.put("a", "1")
    client.put("a", "2", prev_kv=True)
    client.put(b"\x00\xff", b"\x00\xfe")
    for number in range(12):
        client.put(f"list/{number:02}", str(number))
    value, meta = client.get("a")
    show("get", value=value, **row(meta))
    show("absent", found=client.get("absent") == (None, None))
    show("bytes", value=client.get(b"\x00\xff")[0])
    show("prefix", rows=rows(client.get_prefix("list/")))
    show("keys only", rows=rows(client.get_prefix("list/", keys_only=True)))
    show("sorted", rows=rows(client.get_prefix("list/", sort_order="descend", sort_target="mod")))
    show("range", rows=rows(client.get_range("list/03", "list/06")))
    show("all", count=len(list(client.get_all())))
    show("if absent", first=client.put_if_not_exists("once", "1"), second=client.put_if_not_exists("once", "2"))
    show("replace", right=client.replace("once", "1", "3"), wrong=client.replace("once", "1", "4"))
    show("delete", there=client.delete("once"), gone=client.delete("once"))
    show("delete prefix", deleted=client.delete_prefix("list/").deleted)
    show("empty key", error=failure(lambda: client.put("", "value")))
    show("too large", error=failure(lambda: client.put("large", b"x" * 1_600_000)))


def transactions(client):
    client.put("t", "v")
    txn = client.transactions
    done, answers = client.transaction(
        compare=[txn.value("t") == "v", txn.version("t") > 0, txn.create("absent") == 0],
        success=[txn.put("t", "w"), txn.get("t"), txn.delete("absent")],
        failure=[txn.get("t")],
    )
    show("then", done=done, answers=len(answers), read=rows(answers[1]))
    done, answers = client.transaction(
        compare=[txn.mod("t") == 1], success=[], failure=[txn.get("t"), txn.txn([], [txn.put("n", "1")], [])]
    )
    show("else, nested", done=done, answers=len(answers), value=client.get("n")[0])
    twice = [txn.put("t", "1"), txn.put("t", "2")]
    show("duplicate", error=failure(lambda: client.transaction([], twice, [])))


def watches(client):
    events, cancel = client.watch_prefix("w/", prev_kv=True)
    client.put("w/1", "one")
    client.put("w/1", "uno")
    client.delete("w/1")
    client.put("w/2", "two")
    seen = [next(events) for _ in range(4)]
    cancel()
    show(
        "prefix",
        events=[[type(e).__name__, e.key, e.value, e.prev_value, e.version] for e in seen],
    )
    start = seen[0].mod_revision
    events, cancel = client.watch("w/1", start_revision=start)
    show("history", events=[[type(e).__name__, e.value] for e in (next(events) for _ in range(3))])
    cancel()
    arrived = queue.Queue()
    watch_id = client.add_watch_callback("w/called", arrived.put)
    client.put("w/called", "back")
    show("callback", values=[e.value for e in arrived.get(timeout=WAIT_SECONDS).events])
    client.cancel_watch(watch_id)
    threading.Timer(0.2, lambda: client.put("w/once", "1")).start()
    show("once", value=client.watch_once("w/once", timeout=WAIT_SECONDS).value)
    client.compact(start + 1)
    events, cancel = client.watch("w/1", start_revision=start)
    try:
        next(events)
        show("compacted", error=None)
    except exceptions.RevisionCompactedError as error:
        show("compacted", at=error.compacted_revision - start)
    show("compact again", error=failure(lambda: client.compact(start)))


def leases(client):
    lease = client.lease(60)
    client.put("l/1", "x", lease=lease)
    client.put("l/2", "y", lease=lease)
    show("granted", ttl=lease.granted_ttl, left=0 < lease.remaining_ttl <= 60, keys=sorted(lease.keys))
    show("refreshed", ttl=[answer.TTL for answer in lease.refresh()])
    lease.revoke()
    show("revoked", keys=len(list(client.get_prefix("l/"))))
    show("revoked again", error=failure(lambda: client.revoke_lease(lease.id)))
    show("refreshed when gone", ttl=[answer.TTL for answer in client.refresh_lease(lease.id)])
    short = client.lease(2)
    events, cancel = client.watch("l/short")
    client.put("l/short", "z", lease=short)
    show("expired", events=[type(next(events)).__name__ for _ in range(2)])
    cancel()


def locks(client):
    # With the retry library of Debian the client cannot wait for a lock: only free ones are acquired here.
    first = client.lock("door", ttl=30)
    show("first", acquired=first.acquire(timeout=WAIT_SECONDS), is_acquired=first.is_acquired())
    second = client.lock("door", ttl=30)
    show("not the holder", is_acquired=second.is_acquired(), released=second.release())
    show("refreshed", ttl=[answer.TTL for answer in first.refresh()])
    show("released", released=first.release(), is_acquired=first.is_acquired())
    show("second", acquired=second.acquire(timeout=WAIT_SECONDS))
    second.release()
    with client.lock("door") as third:
        show("as a context", acquired=third.is_acquired())
    lost = client.lock("lost", ttl=2)
    lost.acquire(timeout=WAIT_SECONDS)
    events, cancel = client.watch(lost.key)
    show("expired", event=type(next(events)).__name__, is_acquired=lost.is_acquired())
    cancel()
    show("left", keys=len(list(client.get_prefix("/locks/"))))


def cluster(client):
    members = list(client.members)
    status = client.status()
    show(
        "members",
        count=len(members),
        reachable=all(url.startswith("http://127.0.0.1:") for url in members[0].client_urls),
        leads=status.leader.id == members[0].id,
        sized=status.db_size > 0,
        version=len(status.version.split(".")),
    )
    show("unknown member", error=failure(lambda: client.remove_member(12345)))


def maintenance(client):
    show("no alarm", alarms=len(list(client.list_alarms())))
    member = next(iter(client.members))
    show("alarm", made=len(client.create_alarm(member.id)))
    show("refused", error=failure(lambda: client.put("a", "b")))
    show("listed", alarms=[[a.alarm_type, a.member_id == member.id] for a in client.list_alarms()])
    show("disarmed", alarms=len(client.disarm_alarm(member.id)), left=len(list(client.list_alarms())))
    client.defragment()
    show("defragmented", value=client.put("a", "c") is not None)
    show("hash", stable=client.hash() == client.hash())


def snapshot(client):
    for number in range(50):
        client.put(f"s/{number}", "x" * 1000)
    file = io.BytesIO()
    client.snapshot(file)
    content = file.getvalue()
    show(
        "snapshot",
        whole=hashlib.sha256(content[:-32]).digest() == content[-32:],
        pages=(len(content) - 32) % 4096,
        holds=content.count(b"s/49") > 0,
    )


def main():
    host, port, group = sys.argv[1:]
    with etcd3.client(host=host, port=int(port), timeout=WAIT_SECONDS) as client:
        globals()[group](client)
    show("end")


main()
