/** `eigenwatch measure FILE|-`: functionals of density matrices, one JSON line in, one JSON line out. */
import process from "node:process";
import { visibleText } from "../../protocol/visible-text.ts";
import { report } from "../command-line/terminal.ts";
import { measureLine } from "../kernels/measure-line.ts";
import { LineWriter, openInput, readLines } from "./lines.ts";

/** Returns the exit code: 1 when a line could not be answered. */
export async function measureFile(path: string): Promise<number> {
  const input = await openInput(path);
  const out = new LineWriter(process.stdout);
  let failed = 0;
  for await (const line of readLines(input)) {
    if (line.trim() === "") continue;
    const answer = measureLine(line);
    if (answer.startsWith('{"error"')) failed++;
    await out.write(visibleText(answer));
    if (out.closed) break;
  }
  await out.flush();
  if (failed > 0) report(`${failed} lines could not be measured; their answers say why`);
  return failed > 0 ? 1 : 0;
}
