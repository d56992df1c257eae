import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { StateKeeper, type CopyState } from "./copy-state.js";

const state: CopyState = {
  ...{ format: 1, cluster: "c", prefix: "", to: "127.0.0.1:3379", revision: 5, total: 3 },
  ...{ after: "61", copied: 1, leases: ["0000000000000007"] },
};

test("a state is kept in the file that is named, wherever that is", () => {
  for (const path of ["/state.json", "/home/user/state.json"]) {
    const disk = new SimulatedDisk();
    disk.makeDirectory("/home/user");
    const keeper = new StateKeeper(disk, path);
    assert.equal(keeper.path, path);
    assert.equal(keeper.read(), null);
    keeper.write({ ...state, copied: 0 });
    keeper.write(state);
    assert.deepEqual(new StateKeeper(disk, path).read(), state);
    assert.ok(disk.exists(path));
    keeper.remove();
    assert.equal(keeper.exists, false);
  }
});
