// The names of etcd's flags, taken from etcd itself and not from our table of them.

/** `etcd --help` of Debian's etcd 3.4.23. */
export const ETCD_34_FLAGS: readonly string[] = `
advertise-client-urls auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention
auto-tls backend-batch-interval backend-batch-limit bcrypt-cost cert-file cipher-suites
client-cert-allowed-hostname client-cert-auth client-crl-file cors data-dir debug discovery
discovery-fallback discovery-proxy discovery-srv discovery-srv-name election-timeout
enable-pprof enable-v2 experimental-backend-bbolt-freelist-type
experimental-compaction-batch-limit experimental-corrupt-check-time
experimental-enable-lease-checkpoint experimental-enable-v2v3 experimental-initial-corrupt-check
experimental-peer-skip-client-san-verification experimental-warning-apply-duration
experimental-watch-progress-notify-interval force-new-cluster grpc-keepalive-interval
grpc-keepalive-min-time grpc-keepalive-timeout heartbeat-interval host-whitelist
initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token
initial-election-tick-advance key-file listen-client-urls listen-metrics-urls listen-peer-urls
log-level log-outputs log-package-levels logger max-concurrent-streams max-request-bytes
max-snapshots max-txn-ops max-wals metrics name peer-auto-tls peer-cert-allowed-cn
peer-cert-allowed-hostname peer-cert-file peer-client-cert-auth peer-crl-file peer-key-file
peer-trusted-ca-file pre-vote proxy proxy-dial-timeout proxy-failure-wait proxy-read-timeout
proxy-refresh-interval proxy-write-timeout quota-backend-bytes snapshot-count
strict-reconfig-check trusted-ca-file wal-dir
`
  .trim()
  .split(/\s+/);

/** What the command line of etcd 3.5, 3.6 and 3.7 registers (embed.Config.AddFlags, etcdmain.newConfig), and its help. */
export const ETCD_36_FLAGS: readonly string[] = `
data-dir wal-dir listen-peer-urls listen-client-urls listen-client-http-urls listen-metrics-urls
max-snapshots max-wals name snapshot-count heartbeat-interval election-timeout
initial-election-tick-advance quota-backend-bytes backend-bbolt-freelist-type
backend-batch-interval backend-batch-limit max-txn-ops max-request-bytes grpc-keepalive-min-time
grpc-keepalive-interval grpc-keepalive-timeout socket-reuse-port socket-reuse-address
max-concurrent-streams raft-read-timeout raft-write-timeout initial-advertise-peer-urls
advertise-client-urls discovery discovery-endpoints discovery-token discovery-dial-timeout
discovery-request-timeout discovery-keepalive-time discovery-keepalive-timeout
discovery-insecure-transport discovery-insecure-skip-tls-verify discovery-cert discovery-key
discovery-cacert discovery-user discovery-password discovery-proxy discovery-srv
discovery-srv-name discovery-fallback initial-cluster initial-cluster-token
initial-cluster-state strict-reconfig-check pre-vote cert-file key-file client-cert-file
client-key-file client-cert-auth client-crl-file client-cert-allowed-hostname trusted-ca-file
auto-tls peer-cert-file peer-key-file peer-client-cert-file peer-client-key-file
peer-client-cert-auth peer-trusted-ca-file peer-auto-tls self-signed-cert-validity peer-crl-file
peer-cert-allowed-cn peer-cert-allowed-hostname cipher-suites
experimental-peer-skip-client-san-verification peer-skip-client-san-verification tls-min-version
tls-max-version cors host-whitelist logger log-outputs log-level log-format enable-log-rotation
log-rotation-config-json disable-log-sampling auto-compaction-retention auto-compaction-mode
enable-pprof metrics experimental-enable-distributed-tracing enable-distributed-tracing
experimental-distributed-tracing-address distributed-tracing-address
experimental-distributed-tracing-service-name distributed-tracing-service-name
experimental-distributed-tracing-instance-id distributed-tracing-instance-id
experimental-distributed-tracing-sampling-rate distributed-tracing-sampling-rate auth-token
bcrypt-cost auth-token-ttl enable-grpc-gateway experimental-initial-corrupt-check
experimental-corrupt-check-time corrupt-check-time experimental-compact-hash-check-enabled
experimental-compact-hash-check-time compact-hash-check-time
experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist
experimental-compaction-batch-limit compaction-batch-limit
experimental-compaction-sleep-interval compaction-sleep-interval
experimental-watch-progress-notify-interval watch-progress-notify-interval downgrade-check-time
experimental-downgrade-check-time experimental-warning-apply-duration warning-apply-duration
warning-unary-request-duration experimental-warning-unary-request-duration
experimental-memory-mlock memory-mlock experimental-txn-mode-write-with-shared-buffer
experimental-stop-grpc-service-on-defrag experimental-bootstrap-defrag-threshold-megabytes
bootstrap-defrag-threshold-megabytes max-learners experimental-max-learners
experimental-snapshot-catchup-entries snapshot-catchup-entries unsafe-no-fsync force-new-cluster
feature-gates config-file version v2-deprecation cluster-active-size cluster-remove-delay
cluster-sync-interval config force max-result-buffer max-retry-attempts peer-heartbeat-interval
peer-election-timeout retry-interval snapshot v vv test.coverprofile test.outputdir proxy
proxy-failure-wait proxy-refresh-interval proxy-dial-timeout proxy-write-timeout
proxy-read-timeout enable-v2 experimental-enable-v2v3
`
  .trim()
  .split(/\s+/);
