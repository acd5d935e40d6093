import type { Refusal } from './refusal.ts';

/** The API version that the namespace of every answer names. */
export const apiVersion = '2016-11-15';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#x9;',
  '\n': '&#xa;',
  '\r': '&#xd;',
};

/** Text as XML content; characters that XML cannot hold are left out. */
export function escapeXml(text: string): string {
  return /[&<>"'\p{Cc}]/u.test(text)
    ? text.replaceAll(/[&<>"'\p{Cc}]/gu, (character) => entities[character] ?? '')
    : text;
}

/** `<name>value</name>`, the value escaped; `<name/>` for the empty text. */
export function element(name: string, value: string | number | boolean): string {
  return value === '' ? `<${name}/>` : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** `<name><item>…</item>…</name>` of items that are XML already; `<name/>` where there is none. */
export function set(name: string, items: readonly string[]): string {
  if (items.length === 0) {
    return `<${name}/>`;
  }
  // Not joined: a page of a thousand instances is megabytes long, and this way it is put together only once, when sent.
  let xml = `<${name}>`;
  for (const item of items) {
    xml += `<item>${item}</item>`;
  }
  return `${xml}</${name}>`;
}

/** The answer to a call that succeeded. */
export function answerXml(action: string, requestId: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/${apiVersion}/"><requestId>${requestId}</requestId>${content}</${action}Response>`;
}

/** The answer to a call that was refused. */
export function refusalXml({ code, message }: Refusal, requestId: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${element('Code', code)}${element('Message', message)}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
}

/** An instant as EC2 writes it. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
