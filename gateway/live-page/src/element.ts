/** An element of the page's HTML. Its absence is a mistake of ours. */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return found;
}

/** A new element. Text becomes text: nothing that the graph says is ever read as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: (string | Node)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
  ...content: (string | Node)[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...content);
  return made;
}

/** The items of a list. A row whose item says what it said before stays the same element: selected text stays selected. */
export class Rows<Item> {
  #rows = new Map<string, { said: string; row: HTMLElement }>();

  constructor(
    private readonly list: HTMLElement,
    private readonly idOf: (item: Item) => string,
    private readonly make: (item: Item) => HTMLElement,
  ) {}

  show(items: readonly Item[]): void {
    const before = this.#rows;
    this.#rows = new Map(
      items.map((item) => {
        const id = this.idOf(item);
        const said = JSON.stringify(item);
        const known = before.get(id);
        if (known?.said === said) return [id, known];
        const row = this.make(item);
        row.dataset['id'] = id;
        return [id, { said, row }];
      }),
    );
    // A list without items is not a list to a screen reader.
    this.list.hidden = items.length === 0;
    this.list.replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
  }

  /** Every row is made anew when it is shown next. */
  forget(): void {
    this.#rows.clear();
  }

  mark(id: string, className: string): void {
    this.#rows.get(id)?.row.classList.add(className);
  }
}
