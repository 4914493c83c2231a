import { invalid, show } from "../../errors/posta-error.js";
import { requireCharacters, requireFewCharacters } from "./characters.js";
import { requireLink } from "./link.js";

/** What can be tapped. */
export type ActionRequest =
  | { kind: "buttons"; buttons: { id: string; title: string }[] }
  | { kind: "list"; button: string; sections: SectionRequest[] }
  | { kind: "call_to_action"; displayText: string; url: string };

interface SectionRequest {
  title: string;
  rows: { id: string; title: string; description: string }[];
}

const maxButtons = 3;
const maxButtonIdCharacters = 256;
const maxButtonCharacters = 20;
const maxSections = 10;
const maxRows = 10;
const maxSectionCharacters = 24;
const maxRowIdCharacters = 200;
const maxRowCharacters = 24;
const maxDescriptionCharacters = 72;

/** The Cloud API's word for the kind of an `interactive`, and its `action`. */
export function parseAction(action: ActionRequest, at: string): { type: string; value: object } {
  switch (action.kind) {
    case "buttons":
      return { type: "button", value: { buttons: parseButtons(action.buttons, `${at}.buttons.buttons`) } };
    case "list":
      requireCharacters(action.button, `${at}.list.button`, maxButtonCharacters);
      return {
        type: "list",
        value: { button: action.button, sections: parseSections(action.sections, `${at}.list.sections`) },
      };
    case "call_to_action":
      return { type: "cta_url", value: parseCallToAction(action, `${at}.call_to_action`) };
  }
}

function parseButtons(buttons: { id: string; title: string }[], at: string): object[] {
  requireCount(buttons.length, at, maxButtons);
  const ids = new Set<string>();
  const titles = new Set<string>();
  return buttons.map(({ id, title }, index) => {
    requireCharacters(id, `${at}[${index}].id`, maxButtonIdCharacters);
    if (id.trim() !== id) throw invalid(`${at}[${index}].id`, `${show(id)} begins or ends with a blank`);
    requireCharacters(title, `${at}[${index}].title`, maxButtonCharacters);
    requireNew(ids, id, `${at}[${index}].id`);
    if (titles.has(title)) throw invalid(`${at}[${index}].title`, "is there twice");
    titles.add(title);
    return { type: "reply", reply: { id, title } };
  });
}

function parseSections(sections: SectionRequest[], at: string): object[] {
  requireCount(sections.length, at, maxSections);
  const count = sections.reduce((sum, { rows }) => sum + rows.length, 0);
  if (count > maxRows) throw invalid(at, `${count} rows between them is over ${maxRows}`);
  const ids = new Set<string>();
  return sections.map(({ title, rows }, index) => {
    const path = `${at}[${index}]`;
    if (sections.length > 1 || title !== "") requireCharacters(title, `${path}.title`, maxSectionCharacters);
    if (rows.length === 0) throw invalid(`${path}.rows`, "is required");
    return {
      ...(title === "" ? {} : { title }),
      rows: rows.map((row, place) => parseRow(row, ids, `${path}.rows[${place}]`)),
    };
  });
}

function parseRow({ id, title, description }: SectionRequest["rows"][number], ids: Set<string>, at: string): object {
  requireCharacters(id, `${at}.id`, maxRowIdCharacters);
  requireNew(ids, id, `${at}.id`);
  requireCharacters(title, `${at}.title`, maxRowCharacters);
  requireFewCharacters(description, `${at}.description`, maxDescriptionCharacters);
  return { id, title, ...(description === "" ? {} : { description }) };
}

function parseCallToAction({ displayText, url }: { displayText: string; url: string }, at: string): object {
  requireCharacters(displayText, `${at}.display_text`, maxButtonCharacters);
  requireLink(url, `${at}.url`);
  return { name: "cta_url", parameters: { display_text: displayText, url } };
}

function requireCount(count: number, field: string, max: number): void {
  if (count === 0) throw invalid(field, "is required");
  if (count > max) throw invalid(field, `${count} items is over ${max}`);
}

function requireNew(seen: Set<string>, text: string, field: string): void {
  if (seen.has(text)) throw invalid(field, `${show(text)} is there twice`);
  seen.add(text);
}
