/** Attributes of objects and the names of their headers. */

/** The attributes that HTTP has headers for. */
export const ATTRIBUTE_HEADERS = [
  ["cacheControl", "cache-control"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["contentLanguage", "content-language"],
  ["contentType", "content-type"],
] as const;
