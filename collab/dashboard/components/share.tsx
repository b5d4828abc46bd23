/** Gives what is on the page away: a link to what is shown, a picture of a chart, its samples. */
import { useEffect, useState } from "preact/hooks";
import { placeOf, withPlace } from "../model/address.ts";
import { csvOf } from "../model/samples-csv.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";
import type { PanelProps } from "./panel-props.ts";

/** How long it says that the link is copied. */
const TOLD_MS = 2_500;

export function CopyLink({ view, words = "" }: Pick<PanelProps, "view"> & { words?: string }) {
  const [told, setTold] = useState("");
  useEffect(() => {
    if (told === "") return;
    const timer = setTimeout(() => setTold(""), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async () => {
    const isCopied = await copied(withPlace(location.href, placeOf(view)));
    const said = isCopied ? "Link copied" : "Copy it from the address bar";
    setTold(said);
    view.announcement.value = said;
  };
  return (
    <button
      type="button"
      class={words === "" ? "icon-button copy-link" : "button small"}
      onClick={() => void copy()}
      aria-label={told || `${words || "Copy a link"} to what is shown`}
      title={told || "Copy a link to what is shown: the range, the channels, the incident"}
    >
      {words === "" ? <Icon name={told === "" ? "link" : "check"} size={17} /> : told || words}
    </button>
  );
}

/** The clipboard is there for secure pages alone: those of this machine, or by HTTPS. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The address bar has it too.
    history.replaceState(history.state, "", text);
    return false;
  }
}

/** What the chart shows, as a picture or a table. `svg`: null before the first data. */
export function Export({
  model,
  view,
  svg,
}: Pick<PanelProps, "model" | "view"> & { svg: () => string | null }) {
  const range = () => ({ toUs: view.endUs, fromUs: view.endUs - view.spanUs.peek() });
  const name = () =>
    `eigenwatch-${new Date(view.endUs / 1000).toISOString().slice(0, 19).replaceAll(":", "")}`;
  const image = () => {
    const canvas = document.querySelector<HTMLCanvasElement>(".signals canvas");
    canvas?.toBlob((blob) => {
      if (blob !== null) save(blob, `${name()}.png`);
    });
  };
  const drawing = () => {
    const text = svg();
    if (text !== null) save(new Blob([text], { type: "image/svg+xml" }), `${name()}.svg`);
  };
  const table = (isAll: boolean) => {
    const channels = isAll ? model.groups.peek().flatMap((group) => group.channels) : view.channels;
    const { fromUs, toUs } = range();
    save(new Blob([csvOf(channels, fromUs, toUs)], { type: "text/csv" }), `${name()}.csv`);
  };
  const item = (words: string, act: () => void) => (
    <button
      type="button"
      onClick={({ currentTarget }) => {
        act();
        currentTarget.closest("details")?.removeAttribute("open");
      }}
    >
      {words}
    </button>
  );
  return (
    <Menu label="Export" title="Export what the chart shows" icon="download">
      {item("Picture (PNG)", image)}
      {item("Drawing (SVG)", drawing)}
      {item("These channels (CSV)", () => table(false))}
      {item("All channels (CSV)", () => table(true))}
    </Menu>
  );
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
