/** How the program itself does: connection, load, latency, and its own channels. None of it is a finding about what is watched. */
import "./panel.css";
import { quantity } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { figuresOf } from "../../model/health.ts";
import { isOwn } from "../../model/model.ts";

export function MonitorDialog({ model, view }: PanelProps) {
  const close = () => {
    view.dialog.value = null;
  };
  return (
    <Dialog open={view.dialog.value === "monitor"} close={close} title="Eigenwatch itself" kind="monitor">
      {() => <Body model={model} />}
    </Dialog>
  );
}

function Body({ model }: Pick<PanelProps, "model">) {
  model.pulse.value;
  const figures = figuresOf(model.gauges.value);
  const connection = model.connected.value;
  const groups = [...model.ownGroups.value, ...model.groups.value];
  const own = groups.flatMap(({ channels }) => channels.filter(isOwn));
  const session = model.sessionInfo.value;
  return (
    <div class="monitor-body">
      <dl>
        <Row label="Connection" help="Between this page and the session">
          {"reason" in connection ? `${connection.state}: ${connection.reason}` : connection.state}
        </Row>
        {session === null ? null : (
          <Row
            label={session.partitions.length > 1 ? "Partitions" : "Partition"}
            help="Each has its own order and log"
          >
            {session.partitions.join(", ")}
          </Row>
        )}
        {figures.map(({ label, value, help, isStrained }) => (
          <Row key={label} label={label} help={help} isStrained={isStrained}>
            {value}
          </Row>
        ))}
        {own.map(({ key, title, unit, series }) => (
          <Row key={key} label={title} help="A channel of this program's own health">
            {quantity(series.lastValue, unit)}
          </Row>
        ))}
      </dl>
      {figures.length === 0 ? <p class="hint">The session has not reported its figures yet.</p> : null}
    </div>
  );
}

interface RowProps {
  label: string;
  help: string;
  isStrained?: boolean;
  children: preact.ComponentChildren;
}

function Row({ label, help, isStrained = false, children }: RowProps) {
  return (
    <div class={isStrained ? "strained" : ""} title={help}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
