/** Who is here, as initials in the person's colour, and whether what was changed together is saved. Pressing somebody follows them. */
import "./panel.css";
import { visibleText } from "../../../../protocol/visible-text.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import { colourOf, initialsOf, type Person } from "../../model/people.ts";

/** More of them would push the controls out of the line. */
const MOST_SHOWN = 5;
/** The colours of lines: the theme has as many. */
const COLOURS = 8;

const SAVING = {
  saved: { word: "Saved", means: "What you changed in the shared document is saved" },
  saving: { word: "Saving…", means: "The shared document is being saved" },
  offline: {
    word: "Not shared",
    means: "There is no connection to the shared document. Others do not see you",
  },
} as const;

export function PeopleHere({ people, room, presence }: PanelProps) {
  const saving = room.saving.value;
  if (saving === null) return null;
  const here = people.here.value;
  const { word, means } = SAVING[saving];
  const more = here.slice(MOST_SHOWN);
  return (
    <div class="together">
      {here.length === 0 ? null : (
        <ul class="people" aria-label="Here now">
          {here.slice(0, MOST_SHOWN).map((person) => (
            <li key={person.id}>
              <Face person={person} presence={presence} />
            </li>
          ))}
          {more.length > 0 ? (
            <li>
              <span class="face more" title={more.map(described).join("\n")}>
                <span aria-hidden="true">+{more.length}</span>
                <span class="sr">and {more.length} more</span>
              </span>
            </li>
          ) : null}
        </ul>
      )}
      <span class={`saving at-${saving}`} role="status" title={means}>
        {word}
      </span>
    </div>
  );
}

function Face({ person, presence }: { person: Person } & Pick<PanelProps, "presence">) {
  const look = `face line-${colourOf(person.id, COLOURS) + 1}`;
  const inside = (
    <>
      <span aria-hidden="true">{initialsOf(visibleText(person.name))}</span>
      <span class="sr">{described(person)}</span>
    </>
  );
  if (person.isMe)
    return (
      <span class={look} title={described(person)}>
        {inside}
      </span>
    );
  const isFollowed = presence.following.value === person.id;
  return (
    <button
      type="button"
      class={look}
      aria-pressed={isFollowed}
      title={`${described(person)}: press to ${isFollowed ? "stop following" : "follow"}`}
      onClick={() => (isFollowed ? presence.stopFollowing() : presence.follow(person.id))}
    >
      {inside}
    </button>
  );
}

function described({ name, role, pages, isMe }: Person): string {
  const several = pages > 1 ? `, on ${pages} pages` : "";
  return `${visibleText(name)}${isMe ? " (you)" : ""}, ${role}${several}`;
}
