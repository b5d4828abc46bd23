/** A line below the header while there is trouble with the connection: what happened, and what happens next. */
import "./panel.css";
import { useEffect, useState } from "preact/hooks";
import type { PanelProps } from "../../components/panel-props.ts";

export function ConnectionBanner({ model }: PanelProps) {
  const connection = model.connected.value;
  const [, tick] = useState(0);
  useEffect(() => {
    if (connection.state !== "waiting") return;
    const timer = setInterval(() => tick((k) => k + 1), 1000);
    return () => clearInterval(timer);
  }, [connection]);
  if (connection.state === "open" || connection.state === "connecting") return null;
  if (connection.state === "waiting") {
    const seconds = Math.max(0, Math.ceil((connection.retryAtMs - performance.now()) / 1000));
    const { partitions } = connection;
    const again = seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…";
    if (partitions.length > 0)
      return (
        <p class="banner warn">
          <strong>
            {partitions.length === 1 ? "Partition" : "Partitions"} {partitions.join(", ")} not connected
          </strong>{" "}
          — {connection.reason}. {again} The page shows the last data it received of{" "}
          {partitions.length === 1 ? "its" : "their"} groups; the others are live.
        </p>
      );
    return (
      <p class="banner bad">
        <strong>Not connected</strong> — {connection.reason}. {again} The page shows the last data it
        received.
      </p>
    );
  }
  if (connection.state === "degraded") {
    return (
      <p class="banner warn">
        <strong>No WebSocket</strong> — none reaches the server, so everything comes{" "}
        {connection.carrier === "stream" ? "by Server-Sent Events" : "by a request each second"}. What people
        edit together waits until one does.
      </p>
    );
  }
  if (connection.state === "unopened")
    return (
      <p class="banner bad" role="alert">
        <strong>{connection.reason}</strong>
      </p>
    );
  return (
    <p class="banner bad">
      <strong>Access denied</strong> — {connection.reason}.{" "}
      {connection.signIn ? (
        <>
          Open the link with <code>#token=</code> that the program printed.
        </>
      ) : (
        "Reload the page: the server may run another version."
      )}
    </p>
  );
}
