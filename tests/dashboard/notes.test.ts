// runtime: either
/** Threads that the page makes of a document's annotations. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { threadsOf } from "../../collab/dashboard/model/notes.ts";

const note = (fromUs: number, more: object = {}) => ({ by: "ana", body: `at ${fromUs}`, fromUs, ...more });
const shape = (annotations: Record<string, unknown>) =>
  threadsOf(annotations).map(({ note: { id }, replies }) => [id, ...replies.map((reply) => reply.id)]);

test("threads come with the newest stretch of time first, answers with the oldest first", () => {
  const annotations = {
    late: note(200, { untilUs: 300 }),
    early: note(100),
    second: note(100, { replyTo: "early", atUs: 2 }),
    first: note(100, { replyTo: "early", atUs: 1 }),
  };
  assert.equal(shape(annotations), [["late"], ["early", "first", "second"]]);
  assert.is(threadsOf(annotations)[0]?.note.untilUs, 300);
});

test("an answer to an answer belongs to the thread, and one whose note is gone is a note of its own", () => {
  assert.equal(
    shape({
      note: note(9),
      answer: note(9, { replyTo: "note", atUs: 1 }),
      again: note(9, { replyTo: "answer", atUs: 2 }),
      orphan: note(3, { replyTo: "gone" }),
    }),
    [["note", "answer", "again"], ["orphan"]],
  );
});

test("notes that answer each other in a circle are notes of their own", () => {
  assert.equal(shape({ a: note(2, { replyTo: "b" }), b: note(1, { replyTo: "a" }) }), [["a"], ["b"]]);
});

test("a note has a moment where it has no end, and what is no note is left out", () => {
  const threads = threadsOf({
    moment: note(5, { untilUs: 4 }),
    text: "words",
    nobody: { body: "x", fromUs: 1 },
    resolved: note(1, { resolved: "yes" }),
  });
  assert.equal(
    threads.map(({ note: { id, untilUs, isResolved } }) => [id, untilUs, isResolved]),
    [
      ["moment", 5, false],
      ["resolved", 1, false],
    ],
  );
});

test.run();
