"""What programs in Python do with the gateway: urllib3 reading a watch chunk by chunk, and Patroni's own client.

Called with the server's port; prints one line of JSON for each step, which the test compares.
"""
import base64
import json
import sys
import threading

import urllib3

PORT = int(sys.argv[1])
BASE = "http://127.0.0.1:%d" % PORT


def b64(text):
    return base64.b64encode(text.encode()).decode()


def show(name, value):
    print(json.dumps([name, value], sort_keys=True), flush=True)


def chunks_of_a_watch():
    """Each event must be one chunk, whole and at once."""
    http = urllib3.PoolManager()
    request = {"create_request": {"key": b64("u/"), "range_end": b64("u0"), "filters": []}}
    response = http.urlopen(
        "POST", BASE + "/v3/watch", body=json.dumps(request), preload_content=False, retries=0
    )
    chunks = response.read_chunked(decode_content=False)
    created = json.loads(next(chunks))
    show("created", created["result"].get("created"))
    other = urllib3.PoolManager()
    for i in range(3):
        other.request(
            "POST", BASE + "/v3/kv/put", body=json.dumps({"key": b64("u/%d" % i), "value": b64("v")})
        )
        chunk = next(chunks)
        show("chunk", [chunk.endswith(b"\n"), chunk.count(b"\n"), len(json.loads(chunk)["result"]["events"])])
    response.close()
    response.release_conn()


def patroni():
    """The client class that Patroni's etcd3 module makes, with its retries, errors and watch."""
    from patroni.dcs.etcd import DnsCachingResolver
    from patroni.dcs.etcd3 import LeaseNotFound, PatroniEtcd3Client
    from patroni.utils import iter_response_objects

    config = {
        "host": "127.0.0.1:%d" % PORT,
        "hosts": ["127.0.0.1:%d" % PORT],
        "retry_timeout": 10,
        "ttl": 30,
        "loop_wait": 10,
        "use_proxies": False,
        "patronictl": True,
    }
    client = PatroniEtcd3Client(config, DnsCachingResolver())
    client.set_read_timeout(10)
    show("version", [client.version_prefix, list(client._cluster_version)])
    show("machines", client.machines_cache)
    lease = client.lease_grant(30)
    show("lease", isinstance(lease, str))
    show("kept", client.lease_keepalive(lease))
    show("kept gone", client.lease_keepalive("12345"))
    put = client.put("/service/p/leader", "one", lease, create_revision="0")
    show("created", bool(put))
    show("created again", client.put("/service/p/leader", "two", lease, create_revision="0"))
    node = client.prefix("/service/p/")["kvs"][0]
    show("node", [base64.b64decode(node["key"]).decode(), node["version"], node["lease"] == lease])
    show("updated", bool(client.put("/service/p/leader", "two", lease, mod_revision=node["mod_revision"])))
    try:
        client.put("/service/p/x", "y", "9876")
        show("put with a lease that is gone", None)
    except LeaseNotFound as error:
        show("put with a lease that is gone", error.as_dict())
    revision = client.prefix("/service/p/")["header"]["revision"]
    response = client.watchprefix("/service/p/", str(int(revision) + 1))
    messages = iter_response_objects(response)
    next(messages)

    def write():
        client2 = PatroniEtcd3Client(config, DnsCachingResolver())
        client2.set_read_timeout(10)
        client2.put("/service/p/status", "s")
        client2.deleterange("/service/p/leader")

    threading.Thread(target=write).start()
    events = []
    while len(events) < 2:
        events += next(messages)["result"].get("events", [])
    show("events", [[e.get("type", "PUT"), base64.b64decode(e["kv"]["key"]).decode()] for e in events])
    response.close()


chunks_of_a_watch()
patroni()
