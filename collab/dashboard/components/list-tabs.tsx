/** Which of the lists at the bottom right is shown. */
import "./list-tabs.css";
import type { PanelProps } from "./panel-props.ts";

export function ListTabs({ model, notes, room, view }: PanelProps) {
  const lists = [
    { list: "events", title: "Incidents", count: model.incidents.value.length, isThere: true },
    { list: "notes", title: "Notes", count: notes.threads.value.length, isThere: room.isThere.value },
  ] as const;
  return (
    <fieldset class="list-tabs" aria-label="List shown">
      {lists
        .filter(({ isThere }) => isThere)
        .map(({ list, title, count }) => (
          <button
            type="button"
            key={list}
            aria-pressed={view.list.value === list}
            onClick={() => {
              view.list.value = list;
            }}
          >
            {title} <span class="count">{count}</span>
          </button>
        ))}
    </fieldset>
  );
}
