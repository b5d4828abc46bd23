/** What screen readers hear: new events and the cursor's values, politely and not more often than every two seconds. */
import { useEffect, useState } from "preact/hooks";
import type { Parts } from "./panel-props.ts";

const EVERY_MS = 2000;

export function Announcer({ model, view }: Parts) {
  const [text, setText] = useState("");
  useEffect(() => {
    let heard = model.events.peek()[0]?.sequence ?? 0;
    const timer = setInterval(() => {
      const fresh = model.events.peek().filter((event) => event.sequence > heard);
      heard = model.events.peek()[0]?.sequence ?? heard;
      const first = fresh[0];
      if (first === undefined) return;
      const more = fresh.length > 1 ? `, and ${fresh.length - 1} more` : "";
      setText(`${first.severity}: ${first.title}${more}`);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <div class="sr" aria-live="polite">
        {text}
      </div>
      <div class="sr" aria-live="polite">
        {view.announcement.value}
      </div>
    </>
  );
}
