/** The list of keys, and the meaning of the terms on the page. */

import "./panel.css";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { keyCap } from "../../keyboard/keyboard.ts";
import { shortcutsOf } from "../../keyboard/shortcuts.ts";
import { MEASURES } from "../../model/measures.ts";
import { toggleTheme } from "../../theme/theme.ts";

const GROUPS = ["Time", "Lists", "Together", "Look"] as const;

export function HelpDialog(props: PanelProps) {
  const { view } = props;
  const close = () => {
    view.help.value = false;
  };
  return (
    <Dialog open={view.help.value} close={close} title="Keys and terms" kind="help">
      {() => <HelpBody {...props} />}
    </Dialog>
  );
}

function HelpBody(props: PanelProps) {
  return (
    <div class="help-body">
      <div class="help-keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcutsOf(props, toggleTheme)
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
        <h3>Terms</h3>
        <dl>
          <div>
            <dt>Joint state ρ</dt>
            <dd>
              One matrix for all channels. The diagonal shows each channel's share of the motion, the other
              cells how strongly two channels move together and which one leads.
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
              ρ is estimated from ordinary channels. It is a valid density matrix; terms of quantum physics
              are one way to read it, not a claim about your machines.
            </dd>
          </div>
        </dl>
        <p class="hint">
          The wheel zooms at the pointer, dragging moves, with Shift it marks for a note, a double click
          returns to the live edge. Levels are dragged by their tags; the right button on a chart sets a new
          one there.
        </p>
      </section>
    </div>
  );
}
