/** The newest rows of a long list, with a button for those before them: all at once would take the page seconds to draw. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface NewestProps<Row> {
  /** The newest first. */
  readonly rows: readonly Row[];
  /** Rows that are shown at first, and with each press. */
  readonly at: number;
  /** What they are, in the plural: "notes". */
  readonly what: string;
  /** What the list is, for those who hear it. */
  readonly label: string;
  draw(row: Row): ComponentChildren;
}

export function Newest<Row>({ rows, at, what, label, draw }: NewestProps<Row>) {
  const [most, setMost] = useState(at);
  const hidden = rows.length - most;
  return (
    <>
      <ol aria-label={label}>{rows.slice(0, most).map(draw)}</ol>
      {hidden > 0 ? (
        <button type="button" class="button small earlier" onClick={() => setMost(most + at)}>
          {hidden} earlier {what}: show {Math.min(hidden, at)}
        </button>
      ) : null}
    </>
  );
}
