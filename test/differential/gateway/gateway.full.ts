// The JSON gateway against that of etcd 3.4.23, on fixed seeds, and what no script asks.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { methodDescriptors } from "../../../src/etcd/gen/descriptors.js";
import { gatewayRoutes } from "../../../src/server/gateway/routes.js";
import { skipWithout } from "../../support/process/foreign-tool.js";
import type { Message } from "../../support/grpc-client.js";
import { startEtcd, startSubject } from "../../support/process/server-process.js";
import { messageOf, runGatewaySeeds, Side } from "./gateway-contest.js";

const SCRIPTS = 10;
const OPERATIONS_EACH = 220;

suite("the JSON gateway beside etcd's", { skip: skipWithout("etcd") }, () => {
  test(`${SCRIPTS * OPERATIONS_EACH} random operations in JSON are answered as etcd answers them`, async (t) => {
    const seeds = Array.from({ length: SCRIPTS }, (_, at) => at + 1);
    const { operations, events, met } = await runGatewaySeeds(seeds, OPERATIONS_EACH);
    assert.ok(operations >= 1800, `${operations} operations`);
    t.diagnostic(
      `${operations} operations, ${events} events; known differences: ${JSON.stringify([...met])}`,
    );
  });

  test("bodies that are malformed are refused alike; where grpc-gateway 2 is more lenient, we are", async () => {
    await using reference = new Side(await startEtcd());
    await using subject = new Side(await startSubject());
    const refused = [
      "{",
      "[]",
      "5",
      '"x"',
      "nonsense",
      '{"key":5}',
      '{"key":"!"}',
      '{"key":"Zm9v","limit":"x"}',
      '{"key":"Zm9v","limit":1.5}',
      '{"key":"Zm9v","limit":9223372036854775808}',
      '{"key":"Zm9v","keys_only":"yes"}',
      '{"key":"Zm9v"',
      '{"key":"Zm9v",}',
      "{'key':1}",
      '{"key":"\ud800"',
    ];
    for (const body of refused) {
      const theirs = await reference.post("/v3/kv/range", body);
      const ours = await subject.post("/v3/kv/range", body);
      assert.deepEqual([theirs.status, (theirs.body as Message)["code"]], [400, 3], body);
      assert.deepEqual([ours.status, (ours.body as Message)["code"]], [400, 3], body);
    }
    const accepted = [
      "",
      "{}",
      " ",
      '{"key":"Zm9v"} trailing',
      '{"key":"Zm9v","limit":null}',
      '{"key":"Zm9v","sort_order":1}',
      '{"key":"Zm9v","nope":{"deep":[1]}}',
    ];
    for (const body of accepted) {
      const theirs = await reference.post("/v3/kv/range", body);
      const ours = await subject.post("/v3/kv/range", body);
      assert.equal(ours.status, theirs.status, body);
      assert.deepEqual(messageOf(ours), messageOf(theirs), body);
    }
    // grpc-gateway 1 refuses base64 as URLs have it, and without padding; 2 reads both.
    for (const body of ['{"key":"-_8="}', '{"key":"Zm8"}']) {
      assert.equal((await reference.post("/v3/kv/range", body)).status, 400, body);
      assert.equal((await subject.post("/v3/kv/range", body)).status, 200, body);
    }
  });

  test("other paths and methods: grpc-gateway 1 answers in plain text, 2 in JSON", async () => {
    await using reference = new Side(await startEtcd());
    await using subject = new Side(await startSubject());
    const unknown = await reference.post("/v3/kv/nope", "{}");
    assert.deepEqual([unknown.status, unknown.body], [404, "Not Found\n"]);
    const ours = await subject.post("/v3/kv/nope", "{}");
    assert.deepEqual([ours.status, messageOf(ours)], [404, "Not Found"]);
    const get = await reference.post("/v3/kv/range", "", "GET");
    assert.deepEqual([get.status, get.body], [405, "Method Not Allowed\n"]);
    const mine = await subject.post("/v3/kv/range", "", "GET");
    assert.deepEqual([mine.status, messageOf(mine)], [501, "Method Not Allowed"]);
  });

  test("every route of etcd's is one of ours", async () => {
    await using reference = new Side(await startEtcd());
    const newer = [
      "/v3/maintenance/hashkv",
      "/v3/auth/status",
      "/v3/maintenance/downgrade",
      "/v3/cluster/member/promote",
    ];
    for (const [path, method] of gatewayRoutes) {
      const isStream = methodDescriptors.some((m) => m.path === method.path && m.serverStreams);
      if (isStream) {
        continue;
      }
      // Half a message: no method is called.
      const { status } = await reference.post(path, "{");
      assert.ok(status === 400 || (status === 404 && newer.includes(path)), `${path}: ${status}`);
    }
  });
});
