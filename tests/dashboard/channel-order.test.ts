// runtime: either
/** In which order the page lists channels, which it shows at first, and in which colours. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { affectedBy, firstChoice, type Order, ordered } from "../../collab/dashboard/model/channel-order.ts";
import type { Incident } from "../../collab/dashboard/model/incidents.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { MOST_LINES, View } from "../../collab/dashboard/model/view.ts";

const HOST = [
  "cpu.busy %",
  "cpu0.user %",
  "memory.used B",
  "disk.written B/s",
  "network.sent B/s",
  "own.cpu %",
];

test("channels of incidents stand first in order of contribution, the program's own last, all others as given", () => {
  const affected = affectedBy([
    incident({ severity: "notice", channels: ["network.sent"] }),
    incident({ severity: "critical", channels: ["disk.written", "cpu0.user"] }),
    incident({ state: "closed", channels: ["cpu.busy"] }),
  ]);
  assert.equal(listed(HOST, "unusual", affected), [
    "# Unusual",
    "disk.written",
    "cpu0.user",
    "network.sent",
    "# As usual",
    "cpu.busy",
    "memory.used",
    "# Eigenwatch itself",
    "own.cpu",
  ]);
});

test("the list is as given, by name or by unit where a person chooses so", () => {
  const names = ["b %", "a B", "c %"];
  assert.equal(listed(names, "given"), ["b", "a", "c"]);
  assert.equal(listed(names, "name"), ["a", "b", "c"]);
  assert.equal(listed(names, "unit"), ["# %", "b", "c", "# B", "a"]);
  assert.equal(listed(names, "unusual"), ["b", "a", "c"]);
});

test("the first choice is one channel of each unit and kind, not four views of one thing", () => {
  assert.equal(
    firstChoice(channelsOf(HOST), new Map()),
    ["cpu.busy", "memory.used", "disk.written", "network.sent"].map((name) => `g/${name}`),
  );
});

test("what is unusual is in the first choice", () => {
  const chosen = firstChoice(channelsOf(HOST), new Map([["g/cpu0.user", "warning"]]));
  assert.is(chosen[0], "g/cpu0.user");
  assert.is(chosen.length, 4);
});

test("a channel keeps its colour while others come and go, and a ninth takes that of the one that leaves", () => {
  const names = Array.from({ length: 12 }, (_, k) => `c${k} `);
  const view = new View(modelWith(names));
  view.choose(names.slice(0, MOST_LINES).map((name) => `g/${name.trim()}`));
  const before = new Map(view.colours.value);
  assert.is(new Set(before.values()).size, MOST_LINES);
  view.toggleChannel("g/c9");
  assert.is(view.colourOf("g/c9"), before.get("g/c0"));
  for (const key of view.chosen.value.filter((each) => each !== "g/c9"))
    assert.is(view.colourOf(key), before.get(key), key);
  view.toggleChannel("g/c3");
  for (const key of view.chosen.value.filter((each) => each !== "g/c9"))
    assert.is(view.colourOf(key), before.get(key), key);
});

/** "name unit" */
function modelWith(channels: readonly string[]): Model {
  const model = new Model();
  const declared = channels.map((each) => {
    const [name = "", unit = ""] = each.split(" ");
    return { name, title: "", unit };
  });
  model.channels(
    {
      type: "channels",
      group: "g",
      source: "s",
      channels: declared,
      sampling: "rows",
      everyUs: 10,
      innovation: "difference",
    },
    "p0",
  );
  return model;
}

function channelsOf(channels: readonly string[]) {
  return modelWith(channels).groups.value[0]!.channels;
}

function listed(
  channels: readonly string[],
  order: Order,
  affected: ReturnType<typeof affectedBy> = new Map(),
) {
  return ordered(channelsOf(channels), order, affected).map((row) =>
    row.kind === "head" ? `# ${row.title}` : row.channel.name,
  );
}

function incident(given: Partial<Incident>): Incident {
  return {
    key: "p0/1",
    number: 1,
    group: "g",
    severity: "notice",
    state: "open",
    sinceUs: 0,
    untilUs: null,
    channels: [],
    title: "",
    care: { acknowledged: null, assigned: null, snoozedUntilUs: null },
    steps: [],
    findings: [],
    ...given,
  };
}

test.run();
