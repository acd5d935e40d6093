/** A value that JSON text can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON object, free-form. */
export type JsonObject = { readonly [key: string]: JsonValue };
