import { describe, expect, it } from "vitest";
import { PostaError } from "../../../src/errors/posta-error.js";
import { type ContentRequest, parseContent } from "../../../src/message/content/content.js";
import type { MediaRequest } from "../../../src/message/content/content-media.js";
import type { ComponentRequest, TemplateRequest } from "../../../src/message/content/content-template.js";
import type { ActionRequest } from "../../../src/message/content/interactive-action.js";
import type { ParameterRequest } from "../../../src/message/content/template-parameter.js";

/** A content must be refused for `field`, in an error with all of `parts`. */
function expectBad(content: ContentRequest, field: string, parts: string[]): void {
  let error: unknown;
  try {
    parseContent(content);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(PostaError);
  expect(error).toMatchObject({ code: "invalid", field });
  const { message } = error as PostaError;
  expect(message.startsWith(`${field}: `), message).toBe(true);
  for (const part of parts) expect(message).toContain(part);
}

const text = (body: string): ContentRequest => ({ kind: "text", text: { body, previewUrl: true } });

describe("a text", () => {
  it("has up to 4096 characters, an emoji being one, and lines", () => {
    const body = `${"😀".repeat(4090)}\n\r\ta<"`;
    expect(parseContent(text(body))).toEqual({ type: "text", value: { body, preview_url: true } });
  });

  it.each([
    ["no", "", "is required"],
    ["a blank", " \n\t ", "is blank"],
    ["a long", "a".repeat(4097), "4097 characters is over 4096"],
    ["a long one of emoji", "😀".repeat(4097), "4097 characters is over 4096"],
    ["one with a control character", "a\u0000b", "has a control character as character 2"],
    ["one with half a character", "a\ud800", "is not valid UTF-8"],
  ])("is not %s text", (_, body, part) => expectBad(text(body), "text.body", [part]));
});

const media = (more: Partial<MediaRequest> = {}): ContentRequest => ({
  kind: "media",
  media: { kind: "image", source: { id: "1037543291543636" }, caption: "", filename: "", ...more },
});
const link = (url: string) => ({ source: { link: url } });

describe("a file", () => {
  it.each(["image", "video", "audio", "document", "sticker"] as const)("may be of kind %s", (kind) => {
    expect(parseContent(media({ kind }))).toEqual({ type: kind, value: { id: "1037543291543636" } });
  });

  it("has a link, a caption and a name where it may", () => {
    const document = media({ kind: "document", ...link("https://e.com/a?b=c"), caption: "a\nb", filename: "a.pdf" });
    expect(parseContent(document)).toEqual({
      type: "document",
      value: { link: "https://e.com/a?b=c", caption: "a\nb", filename: "a.pdf" },
    });
    expect(parseContent(media({ kind: "video", caption: "c".repeat(1024) }))).toMatchObject({ type: "video" });
    expect(parseContent(media(link(`http://e.com/${"a".repeat(2035)}`)))).toMatchObject({ type: "image" });
  });

  it.each<[string, Partial<MediaRequest>, string, string[]]>([
    ["no kind", { kind: undefined }, "media.kind", ["is required"]],
    ["no source", { source: undefined }, "media.source", ["id or link"]],
    ["an empty id", { source: { id: "" } }, "media.id", ["is required"]],
    ["a long id", { source: { id: "1".repeat(257) } }, "media.id", ["257 characters is over 256"]],
    ["an empty link", link(""), "media.link", ["is required"]],
    ["a long link", link(`http://e.com/${"a".repeat(2036)}`), "media.link", ["2049 characters is over 2048"]],
    ["a link to a file", link("file:///etc/passwd"), "media.link", ["http or https"]],
    ["a link without a host", link("https://"), "media.link", ["http or https"]],
    ["a link with a space", link("https://e.com/a b"), "media.link", ["http or https"]],
    ["a caption of an audio", { kind: "audio", caption: "c" }, "media.caption", ["not with audio"]],
    ["a caption of a sticker", { kind: "sticker", caption: "c" }, "media.caption", ["not with sticker"]],
    ["a long caption", { caption: "c".repeat(1025) }, "media.caption", ["1025 characters is over 1024"]],
    ["a name of an image", { filename: "a.png" }, "media.filename", ["not with image"]],
    ["a long name", { kind: "document", filename: "n".repeat(241) }, "media.filename", ["241", "over 240"]],
  ])("has not %s", (_, more, field, parts) => expectBad(media(more), field, parts));
});

const template = (more: Partial<TemplateRequest> = {}): ContentRequest => ({
  kind: "template",
  template: { name: "order_1", language: "en_US", components: [], ...more },
});
const component = (more: Partial<ComponentRequest>): ComponentRequest => ({
  ...{ type: "body", buttonType: undefined, buttonIndex: 0, parameters: [] },
  ...more,
});
const button = (more: Partial<ComponentRequest> = {}) => component({ type: "button", buttonType: "url", ...more });
const parameter = (value: ParameterRequest["value"], name = ""): ParameterRequest => ({ name, value });
const withParameter = (value: ParameterRequest["value"], more: Partial<ComponentRequest> = {}, name = "") =>
  template({ components: [component({ ...more, parameters: [parameter(value, name)] })] });
const image: MediaRequest = { kind: "image", source: { link: "https://e.com/a" }, caption: "", filename: "" };
const dollars = { fallbackValue: "$10.99", code: "USD", amount1000: 10_990 };

describe("a template", () => {
  it("without parameters has no components", () => {
    expect(parseContent(template()).value).toEqual({ name: "order_1", language: { code: "en_US" } });
  });

  it("has its parameters in the Cloud API's words", () => {
    const components = [
      component({ type: "header", parameters: [parameter({ kind: "media", media: image })] }),
      component({
        parameters: [
          parameter({ kind: "text", text: "Ada" }, "first_name"),
          parameter({ kind: "currency", currency: dollars }),
          parameter({ kind: "date_time", dateTime: "25 February" }),
        ],
      }),
      button({ buttonType: "quick_reply", parameters: [parameter({ kind: "payload", payload: "yes" })] }),
      button({ buttonIndex: 1, parameters: [parameter({ kind: "text", text: "order/1" })] }),
      button({
        buttonType: "copy_code",
        buttonIndex: 9,
        parameters: [parameter({ kind: "coupon_code", couponCode: "C1" })],
      }),
    ];
    expect(parseContent(template({ components })).value).toMatchObject({
      components: [
        { type: "header", parameters: [{ type: "image", image: { link: "https://e.com/a" } }] },
        {
          type: "body",
          parameters: [
            { type: "text", text: "Ada", parameter_name: "first_name" },
            { type: "currency", currency: { fallback_value: "$10.99", code: "USD", amount_1000: 10_990 } },
            { type: "date_time", date_time: { fallback_value: "25 February" } },
          ],
        },
        { type: "button", sub_type: "quick_reply", index: "0", parameters: [{ type: "payload", payload: "yes" }] },
        { type: "button", sub_type: "url", index: "1", parameters: [{ type: "text", text: "order/1" }] },
        { type: "button", sub_type: "copy_code", index: "9", parameters: [{ type: "coupon_code", coupon_code: "C1" }] },
      ],
    });
  });

  it.each(["en", "en_US", "fil", "zh_HK"])("may be in %s", (language) => {
    expect(parseContent(template({ language })).type).toBe("template");
  });

  const many = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item);
  it.each<[string, Partial<TemplateRequest>, string, string[]]>([
    ["no name", { name: "" }, "name", ["is required"]],
    ["a name in capitals", { name: "Order" }, "name", ['"Order"', "lower-case letters"]],
    ["a long name", { name: "n".repeat(513) }, "name", ["513 characters is over 512"]],
    ["no language", { language: "" }, "language", ["is required"]],
    ["a language with a hyphen", { language: "en-US" }, "language", ['"en-US"', '"en_US"']],
    ["many components", { components: many(21, button()) }, "components", ["21 items is over 20"]],
    ["two bodies", { components: many(2, component({})) }, "components[1]", ["is a second body"]],
    ["a button twice", { components: many(2, button()) }, "components[1]", ["is a second button 0"]],
    ["a part of no type", { components: [component({ type: undefined })] }, "components[0].type", ["is required"]],
    [
      "a button of no type",
      { components: [button({ buttonType: undefined })] },
      "components[0].button_type",
      ["required"],
    ],
    [
      "a button under 0",
      { components: [button({ buttonIndex: -1 })] },
      "components[0].button_index",
      ["-1 is under 0"],
    ],
    ["a button 10", { components: [button({ buttonIndex: 10 })] }, "components[0].button_index", ["10 is over 9"]],
    [
      "a body of a button's type",
      { components: [component({ buttonType: "url" })] },
      "components[0].button_type",
      ["BUTTON"],
    ],
    [
      "a body of a button's place",
      { components: [component({ buttonIndex: 1 })] },
      "components[0].button_index",
      ["BUTTON"],
    ],
    [
      "many parameters",
      { components: [component({ parameters: many(51, parameter({ kind: "text", text: "a" })) })] },
      "components[0].parameters",
      ["51 items is over 50 of a body"],
    ],
    [
      "two parameters of a header",
      { components: [component({ type: "header", parameters: many(2, parameter({ kind: "text", text: "a" })) })] },
      "components[0].parameters",
      ["2 items is over 1 of a header"],
    ],
    [
      "two parameters of a button",
      { components: [button({ parameters: many(2, parameter({ kind: "text", text: "a" })) })] },
      "components[0].parameters",
      ["2 items is over 1 of a button"],
    ],
  ])("has not %s", (_, more, field, parts) => expectBad(template(more), `template.${field}`, parts));
});

describe("a template's parameter", () => {
  const header = { type: "header" } as const;
  it.each<[string, ContentRequest, string, string[]]>([
    ["no value", withParameter(undefined), "value", ["is required"]],
    ["a long name", withParameter({ kind: "text", text: "a" }, {}, "n".repeat(65)), "name", ["65", "over 64"]],
    ["an empty text", withParameter({ kind: "text", text: "" }), "text", ["is required"]],
    ["a long text", withParameter({ kind: "text", text: "a".repeat(1025) }), "text", ["1025", "over 1024"]],
    ["a blank text", withParameter({ kind: "text", text: "  " }), "text", ["is blank"]],
    ["a tab", withParameter({ kind: "text", text: "a\tb" }), "text", ["a control character as character 2"]],
    ["five blanks", withParameter({ kind: "text", text: "a     b" }), "text", ["than 4 blanks", "from character 2 on"]],
    ["five blanks at its end", withParameter({ kind: "text", text: "a     " }), "text", ["4 blanks in a row"]],
    ["five blanks of a button", withParameter({ kind: "text", text: "a     b" }, button()), "text", ["4 blanks"]],
    ["five blanks in a date", withParameter({ kind: "date_time", dateTime: "1     May" }), "date_time", ["4 blanks"]],
    [
      "five blanks in an amount",
      withParameter({ kind: "currency", currency: { ...dollars, fallbackValue: "$     1" } }),
      "currency.fallback_value",
      ["4 blanks"],
    ],
    ["a long header", withParameter({ kind: "text", text: "a".repeat(61) }, header), "text", ["61", "over 60"]],
    [
      "a blank payload",
      withParameter({ kind: "payload", payload: " " }, button({ buttonType: "quick_reply" })),
      "payload",
      ["is blank"],
    ],
    ["a line break", withParameter({ kind: "text", text: "a\nb" }), "text", ["a line break as character 2"]],
    ["an image in the body", withParameter({ kind: "media", media: image }), "media", ["into body", "currency"]],
    ["a payload in the body", withParameter({ kind: "payload", payload: "p" }), "payload", ["into body"]],
    [
      "a text in a quick reply",
      withParameter({ kind: "text", text: "a" }, button({ buttonType: "quick_reply" })),
      "text",
      ["payload do"],
    ],
    [
      "a sticker",
      withParameter({ kind: "media", media: { ...image, kind: "sticker" } }, header),
      "media.kind",
      ["sticker"],
    ],
    [
      "a caption",
      withParameter({ kind: "media", media: { ...image, caption: "c" } }, header),
      "media.caption",
      ["template"],
    ],
    [
      "no source",
      withParameter({ kind: "media", media: { ...image, source: undefined } }, header),
      "media.source",
      ["id or link"],
    ],
    [
      "a currency of no code",
      withParameter({ kind: "currency", currency: { ...dollars, code: "usd" } }),
      "currency.code",
      ['"usd"'],
    ],
    [
      "no fallback",
      withParameter({ kind: "currency", currency: { ...dollars, fallbackValue: "" } }),
      "currency.fallback_value",
      ["required"],
    ],
    [
      "a huge amount",
      withParameter({ kind: "currency", currency: { ...dollars, amount1000: 2 ** 60 } }),
      "currency.amount_1000",
      ["1152921504606847000 is not within 9007199254740991"],
    ],
    ["no date", withParameter({ kind: "date_time", dateTime: "" }), "date_time", ["is required"]],
    ["a long date", withParameter({ kind: "date_time", dateTime: "d".repeat(257) }), "date_time", ["257", "over 256"]],
    [
      "a long payload",
      withParameter({ kind: "payload", payload: "p".repeat(257) }, button({ buttonType: "quick_reply" })),
      "payload",
      ["257", "256"],
    ],
    [
      "a long coupon",
      withParameter({ kind: "coupon_code", couponCode: "c".repeat(16) }, button({ buttonType: "copy_code" })),
      "coupon_code",
      ["16", "15"],
    ],
  ])("has not %s", (_, content, field, parts) =>
    expectBad(content, `template.components[0].parameters[0].${field}`, parts),
  );
});

describe("a template's parameter, at the limit,", () => {
  it("has 4 blanks in a row, as often as it likes, and a header 60 characters", () => {
    expect(parseContent(withParameter({ kind: "text", text: "    a    b    " })).type).toBe("template");
    const long = withParameter({ kind: "text", text: "😀".repeat(60) }, { type: "header" });
    expect(parseContent(long).type).toBe("template");
  });
});

interface Texts {
  header?: string;
  body?: string;
  footer?: string;
}
const buttons = (list: { id: string; title: string }[]): ActionRequest => ({ kind: "buttons", buttons: list });
const yes = { id: "yes", title: "Yes" };
const interactive = (action: ActionRequest | undefined = buttons([yes]), texts: Texts = {}): ContentRequest => ({
  kind: "interactive",
  interactive: { header: "", body: "Really?", footer: "", action, ...texts },
});
const row = (id: string, more: object = {}) => ({ id, title: `Row ${id}`, description: "", ...more });
const list = (sections: { title: string; rows: ReturnType<typeof row>[] }[], label = "Menu"): ContentRequest =>
  interactive({ kind: "list", button: label, sections });
const callToAction = (displayText: string, url: string) => interactive({ kind: "call_to_action", displayText, url });

describe("an interactive message", () => {
  it("has buttons", () => {
    const texts = { header: "H", footer: "F" };
    expect(parseContent(interactive(buttons([yes, { id: "no", title: "No" }]), texts))).toEqual({
      type: "interactive",
      value: {
        type: "button",
        header: { type: "text", text: "H" },
        body: { text: "Really?" },
        footer: { text: "F" },
        action: {
          buttons: [
            { type: "reply", reply: { id: "yes", title: "Yes" } },
            { type: "reply", reply: { id: "no", title: "No" } },
          ],
        },
      },
    });
  });

  it("has a list", () => {
    const sections = [
      { title: "One", rows: [row("1", { description: "first" })] },
      { title: "Two", rows: [row("2")] },
    ];
    expect(parseContent(list(sections)).value).toEqual({
      type: "list",
      body: { text: "Really?" },
      action: {
        button: "Menu",
        sections: [
          { title: "One", rows: [{ id: "1", title: "Row 1", description: "first" }] },
          { title: "Two", rows: [{ id: "2", title: "Row 2" }] },
        ],
      },
    });
  });

  it("has a link", () => {
    expect(parseContent(callToAction("See", "https://e.com")).value).toEqual({
      type: "cta_url",
      body: { text: "Really?" },
      action: { name: "cta_url", parameters: { display_text: "See", url: "https://e.com" } },
    });
  });

  it("has a longer text with a list", () => {
    const body = "b".repeat(4096);
    const menu: ActionRequest = { kind: "list", button: "Menu", sections: [{ title: "", rows: [row("1")] }] };
    expect(parseContent(interactive(menu, { body })).type).toBe("interactive");
    expectBad(interactive(buttons([yes]), { body }), "interactive.body", ["4096 characters is over 1024"]);
  });

  const rows = (count: number) => Array.from({ length: count }, (_, index) => row(`r${index}`));
  const sections = (count: number) => rows(count).map((one) => ({ title: "s", rows: [one] }));
  it.each<[string, ContentRequest, string, string[]]>([
    ["no text", interactive(buttons([yes]), { body: "" }), "body", ["is required"]],
    ["a blank text", interactive(buttons([yes]), { body: " \n" }), "body", ["is blank"]],
    ["a blank header", interactive(buttons([yes]), { header: " " }), "header", ["is blank"]],
    ["a blank footer", interactive(buttons([yes]), { footer: " " }), "footer", ["is blank"]],
    ["a blank title", interactive(buttons([{ id: "i", title: " " }])), "buttons.buttons[0].title", ["is blank"]],
    [
      "a blank before an id",
      interactive(buttons([{ id: " i", title: "t" }])),
      "buttons.buttons[0].id",
      ['" i" begins'],
    ],
    ["a blank after an id", interactive(buttons([{ id: "i ", title: "t" }])), "buttons.buttons[0].id", ['"i " begins']],
    ["a blank section title", list([{ title: " ", rows: rows(1) }]), "list.sections[0].title", ["is blank"]],
    ["a long header", interactive(buttons([yes]), { header: "h".repeat(61) }), "header", ["61", "over 60"]],
    ["a long footer", interactive(buttons([yes]), { footer: "f".repeat(61) }), "footer", ["61", "over 60"]],
    ["no buttons", interactive(buttons([])), "buttons.buttons", ["is required"]],
    ["four buttons", interactive(buttons(rows(4))), "buttons.buttons", ["4 items is over 3"]],
    ["a button of no id", interactive(buttons([{ id: "", title: "t" }])), "buttons.buttons[0].id", ["is required"]],
    ["a long id", interactive(buttons([{ id: "i".repeat(257), title: "t" }])), "buttons.buttons[0].id", ["257", "256"]],
    ["a button of no title", interactive(buttons([{ id: "i", title: "" }])), "buttons.buttons[0].title", ["required"]],
    [
      "a long title",
      interactive(buttons([{ id: "i", title: "t".repeat(21) }])),
      "buttons.buttons[0].title",
      ["21", "20"],
    ],
    ["an id twice", interactive(buttons([yes, { ...yes, title: "t" }])), "buttons.buttons[1].id", ['"yes"', "twice"]],
    ["a title twice", interactive(buttons([yes, { ...yes, id: "i" }])), "buttons.buttons[1].title", ["is there twice"]],
    ["a list of no label", list(sections(1), ""), "list.button", ["is required"]],
    ["a long label", list(sections(1), "l".repeat(21)), "list.button", ["21", "over 20"]],
    ["no sections", list([]), "list.sections", ["is required"]],
    ["11 sections", list(sections(11)), "list.sections", ["11 items is over 10"]],
    ["11 rows", list([{ title: "", rows: rows(11) }]), "list.sections", ["11 rows", "over 10"]],
    ["a section of no rows", list([{ title: "", rows: [] }]), "list.sections[0].rows", ["is required"]],
    [
      "two sections of no title",
      list(sections(2).map((one) => ({ ...one, title: "" }))),
      "list.sections[0].title",
      ["required"],
    ],
    ["a long section title", list([{ title: "t".repeat(25), rows: rows(1) }]), "list.sections[0].title", ["25", "24"]],
    ["a row of no id", list([{ title: "", rows: [row("")] }]), "list.sections[0].rows[0].id", ["is required"]],
    [
      "a row's long id",
      list([{ title: "", rows: [row("i".repeat(201))] }]),
      "list.sections[0].rows[0].id",
      ["201", "200"],
    ],
    ["a row twice", list([{ title: "", rows: [row("1"), row("1")] }]), "list.sections[0].rows[1].id", ["twice"]],
    [
      "a row of no title",
      list([{ title: "", rows: [row("1", { title: "" })] }]),
      "list.sections[0].rows[0].title",
      ["required"],
    ],
    [
      "a row's long title",
      list([{ title: "", rows: [row("1", { title: "t".repeat(25) })] }]),
      "list.sections[0].rows[0].title",
      ["25", "24"],
    ],
    [
      "a long description",
      list([{ title: "", rows: [row("1", { description: "d".repeat(73) })] }]),
      "list.sections[0].rows[0].description",
      ["73", "72"],
    ],
    ["a link of no label", callToAction("", "https://e.com"), "call_to_action.display_text", ["is required"]],
    ["a link's long label", callToAction("d".repeat(21), "https://e.com"), "call_to_action.display_text", ["21", "20"]],
    ["no address", callToAction("d", ""), "call_to_action.url", ["is required"]],
    ["another address", callToAction("d", "javascript:alert(1)"), "call_to_action.url", ["http or https"]],
  ])("has not %s", (_, content, field, parts) => expectBad(content, `interactive.${field}`, parts));

  it("has something to tap", () => {
    const none = {
      kind: "interactive",
      interactive: { header: "", body: "b", footer: "", action: undefined },
    } as const;
    expectBad(none, "interactive.action", ["buttons, list or call_to_action"]);
  });
});
