"""Units and money as Chinese says them."""

import re
from typing import Final

UNITS: Final = {
    # length, area, volume
    "km": "公里", "m": "米", "dm": "分米", "cm": "厘米", "mm": "毫米", "μm": "微米", "um": "微米", "nm": "纳米",
    "ft": "英尺", "㎡": "平方米", "㎞": "公里", "㎝": "厘米", "㎜": "毫米", "㎏": "公斤", "㏄": "毫升",
    "L": "升", "l": "升", "mL": "毫升", "ml": "毫升", "ha": "公顷",
    # mass
    "kg": "公斤", "KG": "公斤", "Kg": "公斤", "g": "克", "mg": "毫克", "μg": "微克", "ug": "微克", "t": "吨",
    "lb": "磅", "lbs": "磅", "oz": "盎司",
    # time
    "h": "小时", "hr": "小时", "min": "分钟", "mins": "分钟", "s": "秒", "sec": "秒", "ms": "毫秒", "μs": "微秒",
    "ns": "纳秒",
    # heat and angle
    "℃": "摄氏度", "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度", "°": "度",
    # electricity, force, energy, sound
    "Hz": "赫兹", "kHz": "千赫", "KHz": "千赫", "MHz": "兆赫", "GHz": "吉赫", "W": "瓦", "kW": "千瓦", "KW": "千瓦",
    "MW": "兆瓦", "kWh": "千瓦时", "V": "伏", "kV": "千伏", "mV": "毫伏", "mA": "毫安", "mAh": "毫安时", "Ω": "欧姆",
    "Pa": "帕", "hPa": "百帕", "kPa": "千帕", "MPa": "兆帕", "J": "焦", "kJ": "千焦", "cal": "卡", "kcal": "千卡",
    "dB": "分贝", "db": "分贝",
    # speed and data
    "mph": "英里每小时", "kmh": "公里每小时", "rpm": "转每分", "fps": "帧每秒", "Mbps": "兆比特每秒",
    "Gbps": "吉比特每秒", "Kbps": "千比特每秒", "px": "像素",
    # said by their letters
    "KB": "KB", "MB": "MB", "GB": "GB", "TB": "TB", "PB": "PB", "G": "G", "M": "M", "K": "K", "T": "T",
    "w": "万",
}  # fmt: skip
"""After a figure. A single capital that also is a grade (5A, 4S) is none."""
_POWERS: Final = {"2": "平方", "²": "平方", "3": "立方", "³": "立方"}
_LENGTHS: Final = {"km": "公里", "m": "米", "dm": "分米", "cm": "厘米", "mm": "毫米"}

_SIMPLE: Final = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT: Final = rf"(?:(?:km|dm|cm|mm|m)[23²³]|(?:{_SIMPLE}))"
UNIT: Final = rf"(?P<unit>{_UNIT}(?:/{_UNIT})?)(?![A-Za-z²³])"
"""the pattern of a unit, or of one by another: km/h"""

MONEY: Final = {
    "¥": "元", "￥": "元", "RMB": "元", "CNY": "元", "HK$": "港元", "HKD": "港元", "NT$": "新台币", "TWD": "新台币",
    "US$": "美元", "USD": "美元", "A$": "澳元", "AUD": "澳元", "C$": "加元", "CAD": "加元", "S$": "新加坡元",
    "SGD": "新加坡元", "$": "美元", "＄": "美元", "€": "欧元", "EUR": "欧元", "£": "英镑", "￡": "英镑", "GBP": "英镑",
    "JPY": "日元", "₩": "韩元", "KRW": "韩元", "₹": "卢比", "₽": "卢布", "฿": "泰铢", "₫": "越南盾", "₿": "比特币",
}  # fmt: skip
CURRENCY: Final = "(?:" + "|".join(sorted(map(re.escape, MONEY), key=len, reverse=True)) + ")"

COUNTED: Final = (
    "(?:个|位|名|次|种|件|条|张|块|元|本|杯|瓶|碗|盘|双|对|层|幢|间|家|辆|台|部|架|艘|颗|粒|片|根|支|枝|把|座|道|句|段|首|篇"
    "|封|份|套|群|场|届|轮|回|遍|趟|只|天|周|星期|礼拜|小时|分钟|秒|年(?!级|代)|岁|人|口|匹|头|公里|千米|厘米|毫米|米|英"
    "|平方|立方|公斤|斤|吨|克|升|毫升|倍|样|项|度|点|分(?!之)|角|港|美元|欧元|日元|门|顶|朵|棵|株|滴|盒|箱|袋|包|桶|壶|勺"
    "|节(?!课)|步|拳|脚|口|眼|声|下|番|代|拨|派|方|国|万|亿|千|摄氏|华氏|瓦|伏|磅|盎司|毫|纳|微)"
)
"""what is counted with 两: 两个, 两点, but 二月, 二号, 二楼"""


def unit_words(unit: str) -> str:
    """`km/h` as 公里每小时."""
    if unit in UNITS:
        return UNITS[unit]
    over, slash, under = unit.partition("/")
    if slash:
        return f"{unit_words(over)}每{unit_words(under)}"
    return _POWERS[unit[-1]] + _LENGTHS[unit[:-1]]
