// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Announced,
  announcedOwner,
  candidatesOf,
  expired,
  heard,
  left,
  NO_MEMBERS,
  namesOf,
} from "../../actors/cluster/membership.ts";

const TTL = 100;

function node(name: string, sinceUs = 0, ...owns: [partition: string, epoch: number][]): Announced {
  return { node: name, sinceUs, owns: owns.map(([partition, epoch]) => ({ partition, epoch })) };
}

test("[M1] a node is a member from being heard until its time is over", () => {
  const members = heard(heard(NO_MEMBERS, node("b"), 1_000, TTL), node("a"), 1_050, TTL);
  assert.equal(namesOf(expired(members, 1_099)), ["a", "b"]);
  assert.equal(namesOf(expired(members, 1_100)), ["a"]);
  assert.equal(namesOf(expired(members, 1_150)), []);
});

test("[M1] a node that is heard again in time stays, one that leaves is gone at once", () => {
  let members = heard(NO_MEMBERS, node("a"), 1_000, TTL);
  members = heard(members, node("a"), 1_090, TTL);
  assert.equal(namesOf(expired(members, 1_189)), ["a"]);
  assert.equal(namesOf(left(members, "a")), []);
  assert.is(left(members, "b"), members);
});

test("[M2] a late word of an earlier life does not bring it back", () => {
  const members = heard(NO_MEMBERS, node("a", 5), 1_000, TTL);
  assert.is(heard(members, node("a", 4, ["p", 9]), 1_010, TTL), members);
  assert.is(heard(members, node("a", 6), 1_010, TTL).get("a")?.sinceUs, 6);
});

test("folding leaves the members of before as they were", () => {
  const before = heard(NO_MEMBERS, node("a"), 1_000, TTL);
  heard(before, node("b"), 1_000, TTL);
  left(before, "a");
  expired(before, 9_999);
  assert.equal(namesOf(before), ["a"]);
  assert.is(NO_MEMBERS.size, 0);
});

test("of several that say they own a partition the highest epoch is believed", () => {
  let members = heard(NO_MEMBERS, node("a", 0, ["p", 3], ["q", 1]), 0, TTL);
  assert.is(announcedOwner(members, "r"), null);
  members = heard(members, node("b", 0, ["p", 4]), 0, TTL);
  assert.equal(announcedOwner(members, "p"), { node: "b", partition: "p", epoch: 4 });
  assert.equal(announcedOwner(members, "q"), { node: "a", partition: "q", epoch: 1 });
  assert.equal(announcedOwner(left(members, "b"), "p"), { node: "a", partition: "p", epoch: 3 });
});

test("a partition is placed among the nodes that have read its log, its owner among them, and among all while there is none", () => {
  const reading = { catchingUp: true };
  const a = { ...node("a"), ...reading };
  const b = { ...node("b", 0, ["p", 3]), ...reading };
  assert.equal(candidatesOf([a, b, node("c")], "p"), ["b", "c"]);
  assert.equal(candidatesOf([a, b, node("c")], "q"), ["c"]);
  assert.equal(candidatesOf([a, b], "q"), ["a", "b"]);
  assert.equal(candidatesOf([], "q"), []);
});

test.run();
