/** A channel's title where it may not have place: its begin gives way, and what tells it from others stays. Screen readers have all of it. */
import "./brief-title.css";
import type { Channel } from "../model/model.ts";

export function BriefTitle({ of: { title, brief } }: { of: Pick<Channel, "title" | "brief"> }) {
  if (brief.begin + brief.kept === title)
    return (
      <>
        <span class="name-begin">{brief.begin}</span>
        <span class="name-kept">{brief.kept}</span>
      </>
    );
  return (
    <>
      <span class="sr">{title}</span>
      <span class="name-begin" aria-hidden="true">
        {brief.begin}
      </span>
      <span class="name-kept" aria-hidden="true">
        {brief.kept}
      </span>
    </>
  );
}
