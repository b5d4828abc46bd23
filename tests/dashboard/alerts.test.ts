// runtime: either
/** What the page knows of thresholds and alerts, with a gateway that answers at once. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Alerts, freeId } from "../../collab/dashboard/model/alerts.ts";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { Room } from "../../collab/dashboard/model/room.ts";
import type { AlertStatus } from "../../protocol/controls.ts";

type Given = Partial<Omit<AlertStatus, "threshold">> & { severity?: AlertStatus["threshold"]["severity"] };

function alert(id: string, { severity = "warning", ...given }: Given = {}): AlertStatus {
  return {
    threshold: {
      id,
      of: { group: "g", channel: "load" },
      direction: "above",
      level: 90,
      clearLevel: 90,
      dwellSeconds: 0,
      severity,
      title: "",
    },
    setBy: "Anna",
    setUs: 0,
    state: "firing",
    value: 95,
    sinceUs: 10,
    firedUs: 10,
    resolvedUs: null,
    fate: "told",
    cause: null,
    acknowledged: null,
    assigned: null,
    snoozedUntilUs: null,
    ...given,
  };
}

async function onAlerts(
  listed: readonly AlertStatus[],
  act: (alerts: Alerts, controls: Controls, asked: string[]) => Promise<void>,
): Promise<void> {
  const { fetch } = globalThis;
  const asked: string[] = [];
  globalThis.fetch = ((path: string) => {
    asked.push(path);
    if (path.startsWith("api/commands/")) {
      const error = {
        action: "acknowledge an alert",
        value: "Ben did",
        expected: "an alert that nobody has",
      };
      return Promise.resolve(Response.json({ error }, { status: 409 }));
    }
    return Promise.resolve(Response.json({ alerts: listed, perDay: 24, heldBack: 2 }));
  }) as typeof globalThis.fetch;
  const controls = new Controls();
  const alerts = new Alerts(new Model(), controls, new Room(controls));
  try {
    await act(alerts, controls, asked);
  } finally {
    alerts.stop();
    globalThis.fetch = fetch;
  }
}

test("alerts that fire come first, then the most severe, then those that last longest; quiet ones are not shown", async () => {
  const listed = [
    alert("quiet", { state: "inactive" }),
    alert("soon", { state: "pending", severity: "critical" }),
    alert("young", { sinceUs: 20 }),
    alert("old"),
    alert("bad", { severity: "critical", sinceUs: 30 }),
  ];
  await onAlerts(listed, async (alerts, controls) => {
    controls.supported.value = new Set(["alerts"]);
    await alerts.read();
    const shown = alerts.active.value.map(({ threshold }) => threshold.id);
    assert.equal(shown, ["bad", "old", "young", "soon"]);
    assert.is(alerts.heldBack.value, 2);
  });
});

test("a session without alerts is not asked for them, and is asked once it has some", async () => {
  await onAlerts([alert("a")], async (alerts, controls, asked) => {
    await alerts.read();
    assert.equal(asked, []);
    controls.supported.value = new Set(["alerts"]);
    await alerts.read();
    assert.is(alerts.active.value.length, 1);
  });
});

test("a command that the session refuses leaves its reason, and what is there is read again", async () => {
  await onAlerts([alert("a")], async (alerts, controls, asked) => {
    controls.supported.value = new Set(["alerts", "thresholds"]);
    assert.is(await alerts.acknowledge("a"), false);
    assert.match(alerts.failure.value, /Ben did/);
    assert.is(asked.at(-1), "api/alerts");
  });
});

test("a new threshold gets an id that no other has, of the characters that ids may have", () => {
  const of = { group: "g", channel: "/dev/sda1 %busy" } as const;
  assert.is(freeId({ of, direction: "above" }, []), "dev-sda1-busy-above");
  const taken = [alert("dev-sda1-busy-above"), alert("dev-sda1-busy-above-2")];
  assert.is(freeId({ of, direction: "above" }, taken), "dev-sda1-busy-above-3");
  const strange = { group: "g", channel: "日本" } as const;
  assert.is(freeId({ of: strange, direction: "below" }, []), "threshold-below");
});

test.run();
