/** The top line: session and group, what people may do, health of the program, and whether the picture is live. */
import "./panel.css";
import { clock, span } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { CopyLink } from "../../components/share.tsx";
import { analysesIn } from "../../model/analyses.ts";
import type { Controls } from "../../model/controls.ts";
import { endedUs, stalledAfterMs } from "../../model/ended.ts";
import { strainOf } from "../../model/health.ts";
import type { View } from "../../model/view.ts";
import { themeName, toggleTheme } from "../../theme/theme.ts";
import { PeopleHere } from "../people/panel.tsx";

export function Header(props: PanelProps) {
  const { model, view, controls } = props;
  const session = model.sessionInfo.value;
  // Beside the live session the recording has to be told apart by its name: it is of the same session.
  const recording = controls.live.value === null ? null : (controls.replay.value?.recording ?? null);
  return (
    <header class="header">
      <div class="brand">
        <Icon name="logo" size={24} />
        <h1>Eigenwatch</h1>
      </div>
      {session === null ? null : (
        <div class="session">
          <span title={recording === null ? "Session" : "Recording"}>{recording ?? session.session}</span>
          <span class="slash" aria-hidden="true">
            /
          </span>
          {session.partitions.length > 1 ? (
            <span title={`Partitions ${session.partitions.join(", ")}`}>
              {session.partitions.length} partitions
            </span>
          ) : (
            <span title="Partition">{session.partition}</span>
          )}
        </div>
      )}
      <GroupTabs model={model} view={view} />
      <div class="spacer" />
      <Actions view={view} controls={controls} />
      <AnalysesButton model={model} view={view} />
      <Person controls={controls} />
      <PeopleHere {...props} />
      <Health model={model} view={view} />
      {controls.isReplay.value ? <ReplayPill controls={controls} /> : <LivePill model={model} view={view} />}
      <CopyLink view={view} />
      <button
        type="button"
        class="icon-button"
        onClick={() => {
          view.dialog.value = "layout";
        }}
        aria-label="Arrangement of the panels"
        title="Arrange the panels, for yourself or for all (V)"
      >
        <Icon name="layout" size={18} />
      </button>
      <button
        type="button"
        class="icon-button"
        onClick={toggleTheme}
        aria-label={`Switch to ${themeName.value === "dark" ? "light" : "dark"} colours`}
        title="Dark or light colours (T)"
      >
        <Icon name={themeName.value === "dark" ? "sun" : "moon"} size={18} />
      </button>
      <button
        type="button"
        class="icon-button"
        onClick={() => {
          view.help.value = true;
        }}
        aria-label="Keys and explanations"
        title="Keys (?)"
      >
        <Icon name="help" size={18} />
      </button>
    </header>
  );
}

function Actions({ view, controls }: { view: View; controls: Controls }) {
  const supported = controls.supported.value;
  const live = controls.live.value;
  return (
    <>
      {supported.has("inject") ? (
        <button
          type="button"
          class="button action"
          onClick={() => {
            view.dialog.value = "inject";
          }}
          disabled={controls.whyNot("inject") !== ""}
          title={controls.whyNot("inject") || "Inject a synthetic event (I)"}
        >
          <Icon name="inject" size={14} />
          <span>Inject</span>
        </button>
      ) : null}
      {supported.has("marks") ? (
        <button
          type="button"
          class="button action"
          onClick={() => {
            view.dialog.value = "marks";
          }}
          title="Mark that something happened, and see what changed around it"
        >
          <Icon name="mark" size={14} />
          <span>Mark</span>
        </button>
      ) : null}
      {supported.has("whatIf") ? (
        <button
          type="button"
          class="button action"
          onClick={() => {
            view.dialog.value = "whatIf";
          }}
          disabled={controls.whyNot("whatIf") !== ""}
          title={controls.whyNot("whatIf") || "What would have happened? (W)"}
        >
          <Icon name="branch" size={14} />
          <span>What if</span>
        </button>
      ) : null}
      {supported.has("scan") ? (
        <button
          type="button"
          class="button action"
          onClick={() => {
            view.dialog.value = "scan";
          }}
          title="Scan many symbols with a rule (F)"
        >
          <Icon name="search" size={14} />
          <span>Scan</span>
        </button>
      ) : null}
      {supported.has("recordings") ? (
        <button
          type="button"
          class="button action"
          onClick={() => {
            view.dialog.value = "recordings";
          }}
          title="Open a recording (R)"
        >
          <Icon name="recordings" size={14} />
          <span>Recordings</span>
        </button>
      ) : null}
      {live === null ? null : (
        <a class="button action" href={live} title="Back to the live session">
          <Icon name="back" size={14} />
          <span>Live</span>
        </a>
      )}
    </>
  );
}

/** Shown where detectors that are switched on have measured something of the group. */
function AnalysesButton({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const known = analysesIn(view.group?.joint.last?.measures ?? {});
  if (known.length === 0) return null;
  return (
    <button
      type="button"
      class="button action"
      onClick={() => {
        view.dialog.value = "analyses";
      }}
      title={known.map(({ name }) => name).join(", ")}
    >
      <Icon name="scale" size={14} />
      <span>Analyses</span>
    </button>
  );
}

/** A guest sees under which name and role the session has them. */
function Person({ controls }: { controls: Controls }) {
  const me = controls.me.value;
  if (me === null || !me.guest) return null;
  return (
    <div class="person" title={`You are here as ${me.name}, ${me.role}`}>
      <b>{me.name}</b> <span>{me.role}</span>
    </div>
  );
}

function ReplayPill({ controls }: { controls: Controls }) {
  const status = controls.replay.value;
  if (status === null) return null;
  const plays = status.state === "playing";
  const speed = status.speed === "max" ? "max" : `×${status.speed}`;
  return (
    <button
      type="button"
      class={plays ? "live replay" : "live replay paused"}
      onClick={() => controls.togglePlay()}
      disabled={controls.whyNot("replay") !== ""}
      title={
        controls.whyNot("replay") || `A recording${status.recording === null ? "" : `: ${status.recording}`}`
      }
    >
      <Icon name={plays ? "play" : "pause"} size={12} />
      <span>{plays ? `Replay ${speed}` : `Replay ${status.state}`}</span>
    </button>
  );
}

function GroupTabs({ model, view }: { model: PanelProps["model"]; view: View }) {
  const groups = model.groups.value;
  if (groups.length < 2) return null;
  return (
    <fieldset class="segments" aria-label="Channel group">
      {groups.map((group) => (
        <button
          type="button"
          key={group.name}
          aria-pressed={group.name === view.groupName.value}
          onClick={() => {
            view.groupName.value = group.name;
          }}
        >
          {group.name}
        </button>
      ))}
    </fieldset>
  );
}

/** How the program itself does, as a dot: the monitor has the figures. */
function Health({ model, view }: { model: PanelProps["model"]; view: View }) {
  const connection = model.connected.value;
  const isStrained = connection.state === "open" && strainOf(model.gauges.value) !== "";
  const words = {
    connecting: "Connecting",
    open: isStrained ? strainOf(model.gauges.value) : "Connected",
    degraded: "Connected without a WebSocket",
    waiting: "Offline",
    unopened: "Not opened",
    refused: "Refused",
  } as const;
  const told = words[connection.state];
  return (
    <button
      type="button"
      class={`connection at-${connection.state}${isStrained ? " strained" : ""}`}
      onClick={() => {
        view.dialog.value = "monitor";
      }}
      aria-label={`Monitor of Eigenwatch: ${told}`}
      title={`Eigenwatch itself: ${told}. Throughput, latency and load (Q)`}
    >
      <span class="dot" aria-hidden="true" />
      <span class="sr" role="status">
        {told}
      </span>
    </button>
  );
}

/** When the last feed ended; null while one may bring more. */
function endedAt(model: PanelProps["model"]): number | null {
  const ends = model.groups.value.map((group) => endedUs(model, group));
  return ends.includes(null) ? null : Math.max(...(ends as number[]));
}

function LivePill({ model, view }: { model: PanelProps["model"]; view: View }) {
  model.pulse.value;
  if (model.groups.value.length === 0) return null;
  const quietMs = performance.now() - model.arrivedMs;
  const frozen = view.frozenEndUs.value;
  if (frozen !== null) {
    const behind = span(Math.max(0, Math.round((model.headUs - frozen) / 1e5) * 1e5));
    return (
      <button
        type="button"
        class="live paused"
        onClick={() => view.follow()}
        title="Follow live again (Space)"
      >
        <Icon name="play" size={13} />
        <span>{frozen < model.headUs ? `Paused · ${behind} behind` : "Paused"}</span>
      </button>
    );
  }
  const ended = endedAt(model);
  if (ended !== null)
    return (
      <span class="live ended" title="All feeds have ended: nothing more comes">
        Ended {clock(ended, 60e6)}
      </span>
    );
  const stalled = quietMs > stalledAfterMs(model.groups.value);
  return (
    <button
      type="button"
      class={stalled ? "live stalled" : "live"}
      onClick={() => view.pause()}
      title={stalled ? "No data have arrived for a while" : "Follows the newest samples. Pause (Space)"}
    >
      <span class="live-dot" aria-hidden="true" />
      <span>{stalled ? `No data for ${span(Math.round(quietMs / 1000) * 1e6)}` : "Live"}</span>
    </button>
  );
}
