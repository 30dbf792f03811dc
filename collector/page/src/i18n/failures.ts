// What OONI's failure strings mean to a person. One that is not here is shown as it is.
import type { Lang } from "./i18n";

const WORDS: Record<string, readonly [string, string]> = {
  connection_refused: ["connection refused", "连接被拒绝"],
  connection_reset: ["connection reset midway", "连接中途被重置"],
  connection_aborted: ["connection aborted", "连接被中止"],
  dns_bogon_error: ["the name leads to an impossible address", "域名指向不可能的地址"],
  dns_no_answer: ["no address in the answer", "解析结果没有地址"],
  dns_nxdomain_error: ["the name is said not to exist", "解析称域名不存在"],
  dns_refused_error: ["the resolver refuses", "解析服务器拒绝"],
  dns_servfail_error: ["the resolver fails", "解析服务器出错"],
  eof_error: ["connection closed midway", "连接中途被关闭"],
  generic_timeout_error: ["no answer in time", "超时没有回应"],
  host_unreachable: ["address out of reach", "地址不可达"],
  network_unreachable: ["network out of reach", "网络不可达"],
  ssl_failed_handshake: ["encryption cannot be set up", "加密握手失败"],
  ssl_invalid_certificate: ["false certificate", "证书无效"],
  ssl_invalid_hostname: ["certificate of another name", "证书属于其他域名"],
  ssl_unknown_authority: ["certificate of an unknown authority", "证书颁发者不明"],
};

export const failureText = (failure: string, lang: Lang): string => {
  const words = WORDS[failure];
  return words ? words[lang === "zh" ? 1 : 0] : failure.replaceAll("_", " ");
};
