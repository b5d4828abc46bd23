// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MalformedSubject } from "../../protocol/errors.ts";
import {
  escapeName,
  parseSubject,
  SUBJECT_KINDS,
  type SubjectKind,
  subjectOf,
  subjectPatterns,
  unescapeName,
} from "../../protocol/subjects.ts";
import { name } from "./arbitraries.ts";
import { refuses } from "./refusal.ts";

const kind = fc.constantFrom(...(Object.keys(SUBJECT_KINDS) as SubjectKind[]));

test("a parsed subject has the names it was built from", () => {
  fc.assert(
    fc.property(name, name, kind, fc.array(name, { maxLength: 4 }), (session, partition, what, details) => {
      assert.equal(parseSubject(subjectOf(session, partition, what, ...details)), {
        session,
        partition,
        kind: what,
        details,
      });
    }),
  );
});

test("no name adds characters of the grammar of NATS", () => {
  fc.assert(
    fc.property(name, (any) => {
      assert.match(escapeName(any), /^[A-Za-z0-9_%-]+$/);
      assert.is(unescapeName(escapeName(any)), any);
    }),
  );
  assert.is(escapeName("a.b *>%é"), "a%2Eb%20%2A%3E%25%C3%A9");
  assert.is(subjectOf("s 1", "p", "feed", "host:0", "cpu.load"), "ew.s%201.p.feed.host%3A0.cpu%2Eload");
});

test("a name has one form: others are refused", () => {
  for (const part of ["", "a b", "a.b", "%2e", "%2", "%", "%41", "%C3", "%FF", "é", "%ED%A0%80", "%61bc"]) {
    refuses(() => unescapeName(part), MalformedSubject, /Cannot parse subject/);
  }
});

test("names that are empty, too long or broken Unicode are refused", () => {
  refuses(() => escapeName(""), MalformedSubject, /1 to MAX_NAME_BYTES/);
  refuses(() => escapeName("é".repeat(65)), MalformedSubject, /MAX_NAME_BYTES/);
  refuses(() => escapeName("a\ud800"), MalformedSubject, /well-formed/);
});

test("other subjects are refused", () => {
  for (const text of [
    "",
    "ew",
    "ew.s.p",
    "nw.s.p.event",
    "ew.s.p.gossip",
    "ew.s.p.event.",
    "ew..p.event",
    "ew.s.p.event.a.b.c.d.e",
    "ew.s.p.toString",
  ]) {
    refuses(() => parseSubject(text), MalformedSubject, /Cannot parse subject/);
  }
});

test("any text is parsed or refused with a MalformedSubject", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.stringMatching(/^ew\.[a-z%0-9A-F]{1,6}\.p\.(event|log)(\.[a%0-9C]{0,5})?$/),
      ),
      (text) => {
        try {
          const { session, partition, kind, details } = parseSubject(text);
          assert.is(subjectOf(session, partition, kind, ...details), text);
        } catch (error) {
          assert.instance(error, MalformedSubject);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("patterns match any name for an undefined part", () => {
  assert.equal(subjectPatterns("s.1", undefined, "event"), ["ew.s%2E1.*.event", "ew.s%2E1.*.event.>"]);
  assert.equal(subjectPatterns(), ["ew.*.*.*", "ew.*.*.*.>"]);
});

test.run();
