/** The line under the header: what is happening, whether it is normal, and where to look. Each thing leads to its moment. */
import "./panel.css";
import { dateTime, moment } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { incidentsAt } from "../../model/incidents.ts";
import { knownOf } from "../../model/known.ts";
import { isDirect } from "../../model/measures.ts";
import { aheadWords, type Thing, type Verdict, verdictOf } from "../../model/verdict.ts";

export function VerdictLine(props: PanelProps) {
  const { model, view } = props;
  model.pulse.value;
  const momentUs = view.pinnedUs.value ?? view.frozenEndUs.value;
  const verdict = verdictAt(props, momentUs);
  const ahead = aheadWords(model.headUs, 1000 * Date.now());
  return (
    <section
      class={`verdict at-${verdict.state}${verdict.severity === null ? "" : ` is-${verdict.severity}`}`}
      aria-label="What is happening"
    >
      <div class="verdict-head">
        <Mark {...verdict} />
        <h2>{verdict.headline}</h2>
      </div>
      {verdict.things.length > 0 ? (
        <ul>
          {verdict.things.map((thing) => (
            <li key={thing.incident.key}>
              <ThingLink {...props} {...thing} />
            </li>
          ))}
        </ul>
      ) : null}
      {verdict.rest === "" ? null : <span class="verdict-rest">{verdict.rest}</span>}
      {verdict.expected === "" ? null : <span class="verdict-rest">{verdict.expected}</span>}
      {verdict.heldBack === "" ? null : <span class="verdict-rest">{verdict.heldBack}</span>}
      {verdict.feeds.map(({ words, isEnd }) => (
        <span class={isEnd ? "verdict-feed ended" : "verdict-feed"} key={words}>
          <Icon name={isEnd ? "info" : "warning"} size={11} />
          {words}
        </span>
      ))}
      {ahead === "" ? null : (
        <span class="verdict-feed ended">
          <Icon name="info" size={11} />
          {ahead}
        </span>
      )}
      <div class="spacer" />
      {view.pinnedUs.value === null || momentUs === null ? null : (
        <button type="button" class="moment" onClick={() => view.follow()} title={dateTime(momentUs)}>
          showing {moment(momentUs, model.headUs)} · <b>back to live</b>
        </button>
      )}
    </section>
  );
}

/** What there is to say at a moment; null: now. */
function verdictAt({ model }: PanelProps, momentUs: number | null): Verdict {
  const events = model.events.value;
  const nowUs = momentUs ?? model.headUs;
  const channels = model.groups.value.flatMap((group) => group.channels);
  return verdictOf({
    nowUs,
    events: momentUs === null ? events : events.filter(({ timeUs }) => timeUs <= momentUs),
    incidents: momentUs === null ? model.incidents.value : incidentsAt(model.incidents.value, momentUs),
    channels: channels.length,
    sources: new Map(
      model.groups.value.map(({ source, channels }) => [
        source,
        channels.reduce((last, { series }) => Math.max(last, series.lastTimeUs || 0), 0),
      ]),
    ),
    // Of whole states nothing is learnt: their jumps are announced from the first one on.
    isUsualKnown: model.usual.value.size > 0 || model.groups.value.every(({ joint }) => isDirect(joint)),
    known: knownOf(model),
  });
}

function Mark({ state, severity }: Verdict) {
  if (severity !== null) return <Icon name={severity} size={15} />;
  return <span class={state === "usual" ? "verdict-dot usual" : "verdict-dot"} aria-hidden="true" />;
}

function ThingLink({ view, incident, words, when }: PanelProps & Thing) {
  return (
    <button
      type="button"
      class={`thing is-${incident.severity}`}
      onClick={() => {
        view.list.value = "events";
        view.openIncidentOf(incident);
      }}
      title="Show its moment"
    >
      <span class="thing-words">{words}</span> <span class="thing-when">{when}</span>
    </button>
  );
}
