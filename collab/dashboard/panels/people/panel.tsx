/** Who is here, as initials in the person's colour, and whether what was changed together is saved. */
import "./panel.css";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { colourOf, initialsOf, type People, type Person } from "../../model/people.ts";

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

export function PeopleHere({ people }: { people: People }) {
  const saving = people.saving.value;
  if (saving === null) return null;
  const here = people.here.value;
  const { word, means } = SAVING[saving];
  const more = here.slice(MOST_SHOWN);
  return (
    <div class="together">
      {here.length === 0 ? null : (
        <ul class="people" aria-label="Here now">
          {here.slice(0, MOST_SHOWN).map((person) => (
            <li
              key={person.id}
              class={`face line-${colourOf(person.id, COLOURS) + 1}`}
              title={described(person)}
            >
              <span aria-hidden="true">{initialsOf(visibleText(person.name))}</span>
              <span class="sr">{described(person)}</span>
            </li>
          ))}
          {more.length > 0 ? (
            <li class="face more" title={more.map(described).join("\n")}>
              <span aria-hidden="true">+{more.length}</span>
              <span class="sr">and {more.length} more</span>
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

function described({ name, role, pages, isMe }: Person): string {
  const several = pages > 1 ? `, on ${pages} pages` : "";
  return `${visibleText(name)}${isMe ? " (you)" : ""}, ${role}${several}`;
}
