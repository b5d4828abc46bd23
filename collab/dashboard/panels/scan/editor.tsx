/** The field of a rule: it is checked as it is typed, marked where it cannot be read, and completed from the names that a rule may use. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { RuleWord } from "../../../../protocol/scan-messages.ts";
import type { RuleProblem, Scans } from "../../model/scans.ts";

/** The rule is checked when typing pauses for so long. */
const CHECK_AFTER_MS = 250;
/** Names that are offered: more of them are no help. */
const MOST_OFFERED = 8;

export function RuleEditor({ scans }: { scans: Scans }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [word, setWord] = useState("");
  const [chosen, setChosen] = useState(0);
  const { rule } = scans.form.value;
  const checked = scans.problem.value;
  const problem = checked?.rule === rule ? checked : null;
  useEffect(() => {
    const timer = setTimeout(() => void scans.check(rule), CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [rule]);
  const offered = offeredFor(word, scans.names.value);
  const change = (text: string) => {
    scans.form.value = { ...scans.form.peek(), rule: text };
  };
  const lookAtWord = () => {
    setWord(wordBefore(field.current!));
    setChosen(0);
  };
  const complete = ({ name, usage }: RuleWord) => {
    const input = field.current!;
    const at = input.selectionStart ?? rule.length;
    const start = at - wordBefore(input).length;
    const inserted = usage.includes("(") ? `${name}(` : name;
    change(`${rule.slice(0, start)}${inserted}${rule.slice(at)}`);
    setWord("");
    // After the field has its new value.
    queueMicrotask(() => {
      input.focus();
      input.setSelectionRange(start + inserted.length, start + inserted.length);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (offered.length === 0) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setChosen((chosen + step + offered.length) % offered.length);
    else if (event.key === "Enter" || event.key === "Tab") complete(offered[chosen]!);
    else if (event.key === "Escape") setWord("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="rule-editor">
      <label class="field">
        <span>
          Rule <span class="hint">a condition, such as rsi(14) &lt; 30 and volume_spike(20) &gt; 2</span>
        </span>
        <input
          ref={field}
          type="text"
          class="rule-input"
          role="combobox"
          spellcheck={false}
          autocomplete="off"
          aria-autocomplete="list"
          aria-expanded={offered.length > 0}
          aria-controls={`${id}-names`}
          aria-activedescendant={offered.length > 0 ? `${id}-${chosen}` : undefined}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
          value={rule}
          onInput={({ currentTarget }) => {
            change(currentTarget.value);
            lookAtWord();
          }}
          onBlur={() => setWord("")}
          onKeyDown={onKeyDown}
        />
      </label>
      <div
        class="rule-names"
        id={`${id}-names`}
        role="listbox"
        aria-label="Names of rules"
        hidden={offered.length === 0}
      >
        {offered.map((each, k) => (
          <div
            key={each.name}
            id={`${id}-${k}`}
            role="option"
            tabIndex={-1}
            aria-selected={k === chosen}
            class="rule-name"
            // Before the field loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              complete(each);
            }}
          >
            <code>{each.usage}</code> <span class="hint">{each.help}</span>
          </div>
        ))}
      </div>
      <div id={`${id}-problem`} class="rule-problem" role="status">
        {problem === null ? null : <Problem problem={problem} />}
      </div>
    </div>
  );
}

function Problem({ problem }: { problem: RuleProblem }) {
  const { rule, column, length, value, expected } = problem;
  return (
    <>
      <code class="rule-marked">
        {rule.slice(0, column - 1)}
        <mark>{rule.slice(column - 1, column - 1 + length) || " "}</mark>
        {rule.slice(column - 1 + length)}
      </code>
      <p class="trouble">
        Column {column}: {value}
        {expected === "" ? "" : `; expected ${expected}`}
      </p>
    </>
  );
}

/** The name that is being typed at the cursor. */
function wordBefore({ value, selectionStart }: HTMLInputElement): string {
  return /[a-z_]+$/i.exec(value.slice(0, selectionStart ?? value.length))?.[0] ?? "";
}

/** Those that begin with the word, then those that have it inside. */
function offeredFor(word: string, names: readonly RuleWord[]): RuleWord[] {
  const typed = word.toLowerCase();
  if (typed === "") return [];
  const begin = names.filter(({ name }) => name.startsWith(typed) && name !== typed);
  const inside = names.filter(({ name }) => !name.startsWith(typed) && name.includes(typed));
  return [...begin, ...inside].slice(0, MOST_OFFERED);
}
