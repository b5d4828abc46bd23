/** Asks a person who came by an invitation for their name, or says why the invitation opens nothing. */
import "./panel.css";
import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import type { Joining } from "../../model/controls.ts";

export function JoinDialog({ controls }: PanelProps) {
  const joining = controls.joining.value;
  return (
    <Dialog
      open={joining !== null}
      close={() => {
        // Without a sign-in there is nothing behind it: reopen the link to try again.
        controls.joining.value = null;
      }}
      title={joining?.mayRetry === false ? "This invitation does not open the session" : "Join the session"}
      kind="join"
    >
      {() => (joining === null ? null : <JoinForm joining={joining} />)}
    </Dialog>
  );
}

function JoinForm({ joining: { failure, mayRetry, join } }: { joining: Joining }) {
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        join(name);
      }}
    >
      <div>
        {mayRetry ? (
          <label class="field">
            <span>Your name, as others see it</span>
            <input
              value={name}
              maxLength={48}
              required
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
        ) : null}
      </div>
      <div class="dialog-foot">
        <p class={failure === "" ? "hint" : "trouble"} role={failure === "" ? undefined : "alert"}>
          {failure === "" ? "What you do stands in the session's log under this name." : failure}
        </p>
        {mayRetry ? (
          <button type="submit" class="button primary" disabled={name.trim() === ""}>
            Join
          </button>
        ) : null}
      </div>
    </form>
  );
}
