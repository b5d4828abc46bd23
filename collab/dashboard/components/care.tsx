/** What people have done about an alert or an incident, and what the person can do: acknowledge, assign, snooze. */
import "./care.css";
import { useState } from "preact/hooks";
import type { Care } from "../../../protocol/controls.ts";
import { visibleText } from "../../../protocol/visible-text.ts";
import { clock } from "../../charts/format.ts";
import type { PanelProps } from "./panel-props.ts";

const SNOOZES = [
  { label: "15 min", seconds: 900 },
  { label: "1 h", seconds: 3_600 },
  { label: "8 h", seconds: 28_800 },
] as const;

/** "acknowledged by Ana", "Ben cares for it", "snoozed until 14:05". */
export function careWords({ acknowledged, assigned, snoozedUntilUs }: Care, headUs: number): string[] {
  return [
    ...(acknowledged === null ? [] : [`acknowledged by ${visibleText(acknowledged.by)}`]),
    ...(assigned === null || assigned.to === "" ? [] : [`${visibleText(assigned.to)} cares for it`]),
    ...(isSnoozed(snoozedUntilUs, headUs) ? [`snoozed until ${clock(snoozedUntilUs!, 60e6)}`] : []),
  ];
}

function isSnoozed(untilUs: number | null, headUs: number): boolean {
  return untilUs !== null && untilUs > headUs;
}

/** `id`: as commands have it. `name`: what is read out of it. */
export function CareActs({
  id,
  name,
  care,
  ...props
}: PanelProps & { id: string; name: string; care: Care }) {
  const { model, controls, alerts, people } = props;
  const [choosing, setChoosing] = useState<"person" | "snooze" | null>(null);
  const me = controls.me.value;
  const { acknowledged, assigned, snoozedUntilUs } = care;
  // A recorded session shows what people did; nobody can change that.
  if (!controls.supported.value.has("thresholds")) return null;
  const refused = controls.whyNot("thresholds");
  const act = (words: string, run: () => void) => (
    <button
      type="button"
      key={words}
      class="button"
      disabled={refused !== ""}
      title={refused || undefined}
      aria-label={`${words}: ${name}`}
      onClick={run}
    >
      {words}
    </button>
  );
  const snooze = (seconds: number) => {
    setChoosing(null);
    void alerts.snooze(id, seconds);
  };
  const assign = (to: string) => {
    setChoosing(null);
    void alerts.assign(id, to);
  };
  // A viewer could do nothing about it.
  const others = people.here.value.filter(({ isMe, role }) => !isMe && role !== "viewer");
  const isMine = me !== null && assigned?.to === me.name;
  return (
    <div class="care-acts">
      {acknowledged === null ? act("Acknowledge", () => void alerts.acknowledge(id)) : null}
      {me === null || isMine ? null : act("Assign to me", () => assign(me.name))}
      {isMine ? act("Not mine", () => assign("")) : null}
      {choosing === "person"
        ? others.map(({ name }) => act(`Assign to ${visibleText(name)}`, () => assign(name)))
        : others.length > 0
          ? act("Assign…", () => setChoosing("person"))
          : null}
      {isSnoozed(snoozedUntilUs, model.headUs)
        ? act("End snooze", () => snooze(0))
        : choosing === "snooze"
          ? SNOOZES.map(({ label, seconds }) => act(`Snooze ${label}`, () => snooze(seconds)))
          : act("Snooze", () => setChoosing("snooze"))}
    </div>
  );
}
