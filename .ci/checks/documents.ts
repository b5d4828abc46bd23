/**
 * Documents name things that exist: links and anchors, paths in backticks, and the commands of README's table.
 * A missing README or main.ts is no finding.
 */
import { posix } from "node:path";
import type { Finding, SourceFile } from "./source.ts";

/** File names in backticks, and paths into our folders; `text/html` or `a/b` of a formula are neither. */
const SOURCE_NAME = /^[\w.@-]+(\/[\w.@-]+)*\.(ts|tsx|mjs|js|md|json|css|html)$/;
const PATH = /^[\w.@-]+(\/[\w.@-]+)+\/?$|^[\w.@-]+\/$/;

/** Made by the program or the build, so absent from a fresh clone. */
const MADE = ["dist/", "node_modules/", "recordings/", ".tools/"];

/** `files` are the Markdown files and main.ts; `exists` takes paths relative to the root. */
export function checkDocuments(files: readonly SourceFile[], exists: (path: string) => boolean): Finding[] {
  const documents = files.filter(({ path }) => path.endsWith(".md"));
  const main = files.find(({ path }) => path === "main.ts");
  return documents.flatMap((file) => [
    ...deadLinks(file, documents, exists),
    ...missingPaths(file, exists),
    ...(file.path === "README.md" && main !== undefined ? unknownCommands(file, main) : []),
  ]);
}

function deadLinks(file: SourceFile, documents: SourceFile[], exists: (path: string) => boolean): Finding[] {
  return proseLines(file).flatMap(({ text, line }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z]+:/.test(link)) return [];
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file.path : posix.join(posix.dirname(file.path), path);
      if (!exists(target))
        return [{ path: file.path, line, message: `links to ${link}, which does not exist` }];
      const document = documents.find((each) => each.path === target);
      if (anchor === undefined || document === undefined || anchorsOf(document).has(anchor)) return [];
      return [{ path: file.path, line, message: `links to ${link}: ${target} has no such heading` }];
    }),
  );
}

/** GitHub's anchors: lower case, punctuation dropped, spaces to hyphens. */
function anchorsOf(file: SourceFile): Set<string> {
  const headings = proseLines(file).flatMap(({ text }) => /^#+\s+(.*?)\s*$/.exec(text)?.[1] ?? []);
  return new Set(
    headings.map((each) =>
      each
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}

function missingPaths(file: SourceFile, exists: (path: string) => boolean): Finding[] {
  return proseLines(file).flatMap(({ text, line }) =>
    [...text.matchAll(/`([^`]+)`/g)].flatMap(([, span = ""]) => {
      if (!isOurPath(span, exists) || MADE.some((place) => span.startsWith(place))) return [];
      const relative = posix.join(posix.dirname(file.path), span);
      if (exists(span) || exists(relative)) return [];
      return [{ path: file.path, line, message: `names ${span}, which does not exist` }];
    }),
  );
}

function isOurPath(span: string, exists: (path: string) => boolean): boolean {
  if (SOURCE_NAME.test(span)) return true;
  return PATH.test(span) && exists(span.split("/", 1)[0]!);
}

/** Rows of the table whose first column is headed "command": its first word is a command of main.ts. */
function unknownCommands(readme: SourceFile, main: SourceFile): Finding[] {
  const findings: Finding[] = [];
  let inTable = false;
  for (const { text, line } of proseLines(readme)) {
    if (!text.startsWith("|")) inTable = false;
    else if (/^\|\s*command\s*\|/i.test(text)) inTable = true;
    const command = inTable ? /^\|\s*`(?:eigenwatch )?([a-z][\w-]*)/.exec(text)?.[1] : undefined;
    if (command === undefined || new RegExp(`["'\`]${command}\\b|\\b${command}\\s*[:(]`).test(main.text))
      continue;
    findings.push({
      path: readme.path,
      line,
      message: `lists the command ${command}, which main.ts does not know`,
    });
  }
  return findings;
}

/** Lines outside fenced code. */
function proseLines(file: SourceFile): { text: string; line: number }[] {
  let fenced = false;
  return file.text.split("\n").flatMap((text, index) => {
    if (/^\s*(```|~~~)/.test(text)) {
      fenced = !fenced;
      return [];
    }
    return fenced ? [] : [{ text, line: index + 1 }];
  });
}
