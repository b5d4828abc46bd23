/** The keys, from the registry they work by, and the words. */

import "./panel.css";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { keyCap } from "../../keyboard/keyboard.ts";
import { shortcutsOf } from "../../keyboard/shortcuts.ts";
import { MEASURES } from "../../model/measures.ts";

const GROUPS = ["Time", "Lists", "Look"] as const;

export function HelpDialog(props: PanelProps) {
  const { view } = props;
  const close = () => {
    view.help.value = false;
  };
  return (
    <Dialog open={view.help.value} close={close} title="Keys and words" kind="help">
      {() => <HelpBody {...props} />}
    </Dialog>
  );
}

function HelpBody({ model, view, controls }: PanelProps) {
  return (
    <div class="help-body">
      <div class="help-keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcutsOf(model, view, controls)
                .filter((shortcut) => shortcut.group === group)
                .map((shortcut) => (
                  <div key={shortcut.label}>
                    <dt>
                      {shortcut.keys.map((key) => (
                        <kbd key={key}>{keyCap(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{shortcut.label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <section class="help-words">
        <h3>Words</h3>
        <dl>
          <div>
            <dt>Joint state ρ</dt>
            <dd>
              One matrix for all channels: the diagonal says how much of the motion each has, the rest how
              strongly two move together and with what lead.
            </dd>
          </div>
          {MEASURES.map((measure) => (
            <div key={measure.title}>
              <dt>{measure.title}</dt>
              <dd>{measure.help}</dd>
            </div>
          ))}
          <div>
            <dt>estimated · single-excitation</dt>
            <dd>
              ρ was estimated from ordinary channels. It is an exact density matrix of that estimate; words of
              quantum physics are a reading of it, not a claim about your machines.
            </dd>
          </div>
        </dl>
        <p class="hint">
          Wheel zooms at the pointer, dragging moves, a double click goes back to the live edge.
        </p>
      </section>
    </div>
  );
}
