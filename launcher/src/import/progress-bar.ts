/** A line that says how far something has come. */
export interface Bar {
  show(label: string, done: number, total: number): void;
  /** The line stays as it is, and the next thing begins below it. */
  end(): void;
}

const WIDTH = 30;
/** Where nobody sees a line being redrawn, a line for each of so many parts is enough. */
const PARTS = 10;

export function progressBar(output: { isTTY?: boolean; write(text: string): unknown }): Bar {
  let shownParts = 0;
  let isOpen = false;
  let line = '';
  return {
    show(label, done, total) {
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const filled = Math.round(share * WIDTH);
      const percent = String(Math.floor(share * 100)).padStart(3);
      line = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${percent} %  ${done} of ${total}  ${label}`;
      if (output.isTTY) {
        // Back to the start of the line, and what stood there is wiped.
        output.write(`\r\u001b[2K${line}`);
        isOpen = true;
      } else if (Math.floor(share * PARTS) > shownParts) {
        shownParts = Math.floor(share * PARTS);
        output.write(`${line}\n`);
      }
    },
    end() {
      if (isOpen) output.write('\n');
      isOpen = false;
      shownParts = 0;
    },
  };
}
