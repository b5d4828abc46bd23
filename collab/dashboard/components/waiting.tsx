/** What stands where data will be: nothing came yet, and why. */
import type { Parts } from "./panel-props.ts";

export function Waiting({ model }: Parts) {
  const connection = model.connected.value;
  const [title, text] =
    connection.state === "connecting"
      ? ["Connecting…", "Asking the gateway for the session."]
      : connection.state === "open"
        ? [
            "Waiting for the first channels",
            "The session is open. Channels appear here as soon as a feed declares them.",
          ]
        : connection.state === "refused"
          ? [
              "Not let in",
              connection.signIn ? "This session wants a token." : "Reload the page to try again.",
            ]
          : ["No connection", "The page tries again by itself and goes on where it was."];
  return (
    <div class="nothing-yet">
      <svg width="220" height="56" viewBox="0 0 220 56" fill="none" aria-hidden="true">
        <path class="wave one" d="M0 28c18-34 37-34 55 0s37 34 55 0 37-34 55 0 37 34 55 0" />
        <path class="wave two" d="M0 28c18 34 37 34 55 0s37-34 55 0 37 34 55 0 37-34 55 0" />
      </svg>
      <h3>{title}</h3>
      <p>{text}</p>
    </div>
  );
}
