/** Marks that something happened, and shows how the state of the group changed around what was marked. */
import "./panel.css";
import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { type MarkedType, markedTypes } from "../../model/marks.ts";

export function MarksDialog({ model, view, controls }: PanelProps) {
  const close = () => {
    view.dialog.value = null;
  };
  return (
    <Dialog open={view.dialog.value === "marks"} close={close} title="Marked events" kind="marks">
      {() => (
        <div class="marks-body">
          {controls.supported.value.has("marks") ? <MarkForm controls={controls} /> : null}
          <Types types={markedTypes(model.events.value, view.groupName.value)} />
        </div>
      )}
    </Dialog>
  );
}

function MarkForm({ controls }: Pick<PanelProps, "controls">) {
  const [type, setType] = useState("");
  const [title, setTitle] = useState("");
  const [answer, setAnswer] = useState("");
  const mark = async (event: Event) => {
    event.preventDefault();
    await controls.command("mark", { type, title }).then(
      () => setAnswer(`${type} is marked`),
      (error: Error) => setAnswer(error.message),
    );
  };
  const whyNot = controls.whyNot("marks");
  return (
    <form onSubmit={(event) => void mark(event)}>
      <label>
        What kind of thing happened
        <input
          required
          value={type}
          pattern="[A-Za-z0-9][\\w.:\\-]{0,63}"
          placeholder="news"
          onInput={({ currentTarget }) => setType(currentTarget.value)}
        />
      </label>
      <label>
        What it was
        <input value={title} maxLength={200} onInput={({ currentTarget }) => setTitle(currentTarget.value)} />
      </label>
      <button type="submit" class="button" disabled={whyNot !== ""} title={whyNot}>
        Mark it now
      </button>
      <p class="hint" role="status">
        {answer}
      </p>
    </form>
  );
}

function Types({ types }: { types: readonly MarkedType[] }) {
  if (types.length === 0)
    return (
      <p class="hint">
        No effect was measured in this group. It is switched on by the setting measurementEffect.enabled.
      </p>
    );
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col">Measured</th>
          <th scope="col" title="How far the state after the last one is from that before, 0 to 1">
            Distance
          </th>
          <th
            scope="col"
            title="Share of placebo times, when nothing was marked, at which it changed as much"
          >
            p, placebos
          </th>
          <th scope="col" title="Association: what else happened at the same times is not known">
            Goes with another state
          </th>
        </tr>
      </thead>
      <tbody>
        {types.map(({ type, measured, distance, p, placebos, isFound }) => (
          <tr key={type}>
            <th scope="row">{type}</th>
            <td>{measured}</td>
            <td>{distance.toFixed(3)}</td>
            <td>
              {p === null ? "–" : p.toPrecision(2)}, {placebos}
            </td>
            <td>{isFound ? "yes" : "not found"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
