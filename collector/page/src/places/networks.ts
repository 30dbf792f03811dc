// Who runs the large networks, for people who do not know their numbers. One that is not here is
// called by its number alone.
import type { Lang } from "../i18n/i18n";

const OPERATORS: Record<number, readonly [string, string]> = {
  4134: ["China Telecom", "中国电信"],
  4538: ["CERNET", "教育网"],
  4808: ["China Unicom Beijing", "北京联通"],
  4809: ["China Telecom CN2", "中国电信CN2"],
  4812: ["China Telecom Shanghai", "上海电信"],
  4837: ["China Unicom", "中国联通"],
  7497: ["CSTNET", "科技网"],
  9808: ["China Mobile", "中国移动"],
  9929: ["China Unicom A", "中国联通A网"],
  17621: ["China Unicom Shanghai", "上海联通"],
  24400: ["China Mobile Shanghai", "上海移动"],
  56048: ["China Mobile Beijing", "北京移动"],
};

export const operatorName = (asn: number, lang: Lang): string =>
  OPERATORS[asn]?.[lang === "zh" ? 1 : 0] ?? "";

// "China Mobile (AS9808)", or the number alone.
export const networkName = (asn: number, lang: Lang): string => {
  const operator = operatorName(asn, lang);
  if (!operator) return `AS${asn}`;
  return lang === "zh" ? `${operator}（AS${asn}）` : `${operator} (AS${asn})`;
};
