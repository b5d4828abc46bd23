/** How the page is arranged: shared with all or one's own, which panels, in which order. */
import "./panel.css";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { PANELS, type PanelName } from "../../model/layout.ts";

export function LayoutDialog(props: PanelProps) {
  const { view } = props;
  const close = () => {
    if (view.dialog.peek() === "layout") view.dialog.value = null;
  };
  return (
    <Dialog open={view.dialog.value === "layout"} close={close} title="Arrangement" kind="layout">
      {() => <Content {...props} />}
    </Dialog>
  );
}

function Content({ layout, room }: PanelProps) {
  const isShared = layout.isShared.value;
  const order = layout.order.value;
  const shown = layout.shown.value;
  // One's own is nobody else's business.
  const refused = isShared ? room.whyNot() : "";
  const failure = room.failure.value;
  return (
    <div class="layout-body">
      {room.isThere.value ? (
        <fieldset class="field" aria-label="Whose arrangement">
          <div class="segments">
            <button type="button" aria-pressed={!isShared} onClick={() => layout.share(false)}>
              Private
            </button>
            <button type="button" aria-pressed={isShared} onClick={() => layout.share(true)}>
              Shared
            </button>
          </div>
          <p class="hint">
            {isShared
              ? "Panels and channels are the same for all who have chosen this; what you change, changes for them."
              : "Panels and channels are yours alone, kept in this browser."}
          </p>
        </fieldset>
      ) : null}
      <ol class="layout-rows" aria-label="Panels">
        {order.map((name, k) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                checked={shown.includes(name)}
                disabled={refused !== "" || (shown.length === 1 && shown[0] === name)}
                onChange={({ currentTarget }) => layout.show(name, currentTarget.checked)}
              />
              {titleOf(name)}
            </label>
            {([-1, 1] as const).map((by) => (
              <button
                type="button"
                class="button small"
                key={by}
                disabled={refused !== "" || order[k + by] === undefined}
                aria-label={`Move ${titleOf(name)} ${by < 0 ? "up" : "down"}`}
                onClick={() => layout.move(name, by)}
              >
                {by < 0 ? "↑" : "↓"}
              </button>
            ))}
          </li>
        ))}
      </ol>
      <div class="dialog-foot">
        <p class={failure === "" ? "hint" : "trouble"} role={failure === "" ? undefined : "alert"}>
          {failure || refused}
        </p>
        {!isShared && room.whyNot() === "" ? (
          <button type="button" class="button" onClick={() => layout.shareOwn()}>
            Share mine with all
          </button>
        ) : null}
      </div>
    </div>
  );
}

function titleOf(name: PanelName): string {
  return PANELS.find((panel) => panel.name === name)!.title;
}
