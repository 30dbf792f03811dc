// China: a place on the tile grid for every region, and the names that people use.
import type { Place } from "./places";

// column, row, English, Chinese, one character
type Row = readonly [number, number, string, string, string];

const ROWS: Record<string, Row> = {
  "CN-HL": [7, 0, "Heilongjiang", "黑龙江", "黑"],
  "CN-NM": [5, 1, "Inner Mongolia", "内蒙古", "蒙"],
  "CN-JL": [7, 1, "Jilin", "吉林", "吉"],
  "CN-XJ": [1, 2, "Xinjiang", "新疆", "新"],
  "CN-GS": [2, 2, "Gansu", "甘肃", "甘"],
  "CN-NX": [3, 2, "Ningxia", "宁夏", "宁"],
  "CN-SX": [4, 2, "Shanxi", "山西", "晋"],
  "CN-BJ": [5, 2, "Beijing", "北京", "京"],
  "CN-TJ": [6, 2, "Tianjin", "天津", "津"],
  "CN-LN": [7, 2, "Liaoning", "辽宁", "辽"],
  "CN-QH": [2, 3, "Qinghai", "青海", "青"],
  "CN-SN": [3, 3, "Shaanxi", "陕西", "陕"],
  "CN-HA": [4, 3, "Henan", "河南", "豫"],
  "CN-HE": [5, 3, "Hebei", "河北", "冀"],
  "CN-SD": [6, 3, "Shandong", "山东", "鲁"],
  "CN-XZ": [1, 4, "Tibet", "西藏", "藏"],
  "CN-SC": [2, 4, "Sichuan", "四川", "川"],
  "CN-CQ": [3, 4, "Chongqing", "重庆", "渝"],
  "CN-HB": [4, 4, "Hubei", "湖北", "鄂"],
  "CN-AH": [5, 4, "Anhui", "安徽", "皖"],
  "CN-JS": [6, 4, "Jiangsu", "江苏", "苏"],
  "CN-SH": [7, 4, "Shanghai", "上海", "沪"],
  "CN-YN": [2, 5, "Yunnan", "云南", "滇"],
  "CN-GZ": [3, 5, "Guizhou", "贵州", "黔"],
  "CN-HN": [4, 5, "Hunan", "湖南", "湘"],
  "CN-JX": [5, 5, "Jiangxi", "江西", "赣"],
  "CN-ZJ": [6, 5, "Zhejiang", "浙江", "浙"],
  "CN-GX": [3, 6, "Guangxi", "广西", "桂"],
  "CN-GD": [4, 6, "Guangdong", "广东", "粤"],
  "CN-FJ": [5, 6, "Fujian", "福建", "闽"],
  "CN-TW": [7, 6, "Taiwan", "台湾", "台"],
  "CN-HI": [3, 7, "Hainan", "海南", "琼"],
  "CN-MO": [4, 7, "Macao", "澳门", "澳"],
  "CN-HK": [5, 7, "Hong Kong", "香港", "港"],
};

export const CN: Record<string, Place> = Object.fromEntries(
  Object.entries(ROWS).map(([code, [column, row, en, zh, mark]]) => [code, { column, row, en, zh, mark }]),
);
