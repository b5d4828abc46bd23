/** A channel's title where it may not have place: its begin gives way, and what tells it from others stays. Screen readers have all of it. */
import "./brief-title.css";
import type { Channel } from "../model/model.ts";

export function BriefTitle({ of: { title, brief } }: { of: Pick<Channel, "title" | "brief"> }) {
  const { begin, kept, rest } = brief;
  const isCut = begin + kept + rest !== title;
  return (
    <>
      {isCut && <span class="sr">{title}</span>}
      <span class="name-begin" aria-hidden={isCut}>
        {begin}
      </span>
      <span class="name-kept" aria-hidden={isCut}>
        {kept}
      </span>
      {rest !== "" && (
        <span class="name-rest" aria-hidden={isCut}>
          {rest}
        </span>
      )}
    </>
  );
}
