/** Who is here, from what the server says of each page. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { colourOf, initialsOf, peopleOf } from "../../collab/dashboard/model/people.ts";

const ME = { id: "guest-1", name: "Mia", role: "editor", guest: true };

test("a person with several pages is one, oneself is the first, and others come by name", () => {
  const here = peopleOf(
    [
      [4, { user: { id: "guest-3", name: "Zoe", role: "viewer" } }],
      [5, { user: { id: "guest-2", name: "Ben", role: "owner" } }],
      [6, { user: { id: "guest-3", name: "Zoe", role: "viewer" } }],
      [7, {}],
    ],
    7,
    ME,
  );
  assert.equal(
    here.map(({ name, pages, isMe }) => [name, pages, isMe]),
    [
      ["Mia", 1, true],
      ["Ben", 1, false],
      ["Zoe", 2, false],
    ],
  );
});

test("a presence that the server has not named is nobody", () => {
  assert.equal(
    peopleOf(
      [
        [1, { user: "Eve" }],
        [2, {}],
        [3, { user: { name: "Eve" } }],
      ],
      9,
      ME,
    ),
    [],
  );
});

test("initials are those of the first and the last name, whole characters of any script", () => {
  assert.equal(["Anna Maria Berg", "ben", "𝒜lan", ""].map(initialsOf), ["AB", "B", "𝒜", ""]);
});

test("a person has the same colour of those that there are, wherever it is computed", () => {
  const colours = Array.from({ length: 50 }, (_, k) => colourOf(`guest-${k}`, 8));
  assert.ok(colours.every((colour) => Number.isInteger(colour) && colour >= 0 && colour < 8));
  assert.ok(new Set(colours).size > 4);
  assert.equal(
    colours,
    Array.from({ length: 50 }, (_, k) => colourOf(`guest-${k}`, 8)),
  );
});

test.run();
