// runtime: either
/** What a page gives away: links to what it shows, and tables of its samples. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { goTo, placeIn, placeOf, withPlace } from "../../collab/dashboard/model/address.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { csvOf } from "../../collab/dashboard/model/samples-csv.ts";
import { View } from "../../collab/dashboard/model/view.ts";

const T = Date.UTC(2026, 4, 4, 12) * 1000;
const PAGE = "http://127.0.0.1:7420/";

test("a link shows on another page the range, the moment, the channels, the incident, the order, the scale and the zone of this one", () => {
  const [here, there] = [pageOf(["a,b", "c/d"]), pageOf(["a,b", "c/d"])];
  here.view.setSpan(3600e6);
  here.view.choose(["g/c/d", "g/a,b"]);
  here.view.frozenEndUs.value = T;
  here.view.pinnedUs.value = T - 60e6;
  here.view.openIncident.value = "p0/3";
  here.view.list.value = "notes";
  here.view.order.value = "name";
  here.view.scale.value = "percent";
  here.view.isCandles.value = true;
  here.view.zone.value = "America/New_York";
  const link = withPlace(`${PAGE}?wall#token=secret`, placeOf(here.view));
  assert.not.match(link, /secret/);
  assert.ok(new URL(link).searchParams.has("wall"));
  goTo(there.view, placeIn(new URL(link).searchParams));
  assert.equal(placeOf(there.view), placeOf(here.view));
  assert.equal(there.view.chosen.value, ["g/c/d", "g/a,b"]);
  assert.equal(
    [there.view.scale.value, there.view.isCandles.value, there.view.zone.value],
    ["percent", true, "America/New_York"],
  );
  for (const { view } of [here, there]) view.zone.value = "local";
});

test("a link of a page that follows leads to a page that follows", () => {
  const { view } = pageOf(["a"]);
  assert.is(new URL(withPlace(PAGE, placeOf(view))).searchParams.get("end"), null);
});

test("a link shows the group that it names, also when that is declared after another one", () => {
  const model = new Model();
  const view = new View(model);
  goTo(view, placeIn(new URLSearchParams("group=second")));
  const declare = (group: string) => {
    const channels = [{ name: "a", title: "a", unit: "" }];
    const of = { source: "s", sampling: "rows", everyUs: 0, innovation: "difference" } as const;
    model.channels({ type: "channels", group, channels, ...of }, "p0");
  };
  declare("first");
  assert.is(view.groupName.value, "first");
  declare("second");
  assert.is(view.groupName.value, "second");
  view.groupName.value = "first";
  declare("third");
  assert.is(view.groupName.value, "first");
});

test("an address that says nothing sensible changes nothing", () => {
  const { view } = pageOf(["a"]);
  const before = placeOf(view);
  goTo(
    view,
    placeIn(
      new URLSearchParams(
        "span=-1&end=tomorrow&order=random&list=none&scale=steep&candles=yes&zone=Mars/Olympus",
      ),
    ),
  );
  assert.equal(placeOf(view), before);
});

test("the arrangement of before does not replace the channels of a link, a later one does", () => {
  const { view } = pageOf(["a", "b", "c"]);
  goTo(view, { channels: ["g/b"] });
  view.choose(["g/a"]);
  assert.equal(view.chosen.value, ["g/b"]);
  view.choose(["g/c"]);
  assert.equal(view.chosen.value, ["g/c"]);
});

test("a table has the samples of a range with time, unit and value, and no name is a formula", () => {
  const { model } = pageOf(["=a,b"]);
  model.frame({
    type: "frame",
    group: "g",
    source: "s",
    sequence: 0,
    count: 3,
    time: Float64Array.of(T, T + 1, T + 2_000_000),
    channel: new Uint16Array(3),
    value: Float64Array.of(1, 2.5, 3),
    size: null,
  });
  assert.equal(csvOf(model.groups.value[0]!.channels, T, T + 1_000_000).split("\n"), [
    "time,group,channel,unit,value,low,high",
    `2026-05-04T12:00:00.000000Z,g,"'=a,b",%,1,,`,
    `2026-05-04T12:00:00.000001Z,g,"'=a,b",%,2.5,,`,
    "",
  ]);
});

function pageOf(names: readonly string[]) {
  const model = new Model();
  model.channels(
    {
      type: "channels",
      group: "g",
      source: "s",
      channels: names.map((name) => ({ name, title: "", unit: "%" })),
      sampling: "rows",
      everyUs: 10,
      innovation: "difference",
    },
    "p0",
  );
  return { model, view: new View(model) };
}

test.run();
