"""What identifies people is hidden, ordinary prose is not, and how the text arrives changes nothing."""

import random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhapsode.text.mask import Mask, mask

# In each line, what stands between ⟦ and ⟧ is hidden, and nothing else.
HIDDEN: Final = """
write to ⟦mary.jones@example.com⟧, please
⟦a@b.co⟧
Mail (⟦first+tag@mail.example.co.uk⟧).
<⟦x_y-z@sub-domain.example.org⟧>
请发邮件到⟦zhangsan@qq.com⟧，谢谢
我的邮箱是⟦li.si_1988@163.com⟧。
邮箱：⟦13800138000@139.com⟧
"⟦someone@company.internal⟧"
mailto:⟦someone@example.net⟧
⟦UPPER@EXAMPLE.COM⟧ and ⟦lower@example.com⟧
see ⟦https://example.com/a/b?c=d&e=f#g⟧.
(⟦http://example.com⟧)
[docs](⟦https://docs.example.com/en/latest/⟧)
**⟦https://example.com/bold⟧**
⟦https://user:pass@example.com:8080/path⟧, then
⟦HTTPS://EXAMPLE.COM/X⟧
⟦ftp://files.example.com/pub/a.tar.gz⟧
⟦wss://example.com/ws⟧!
打开⟦https://www.example.com.cn/⟧页面
详情见⟦https://example.com/⟧路
链接是⟦https://example.com⟧，请查看
请看⟦https://example.com/index.html⟧查看详情
⟦http://192.168.1.1:8080/admin⟧
⟦http://localhost:3000⟧
⟦https://xn--fsqu00a.xn--0zwm56d/⟧
⟦https://例子.中国/a⟧
⟦https://en.wikipedia.org/wiki/Foo_(bar⟧)
"⟦https://example.com⟧": it says
⟦www.example.com⟧
⟦www.example.md⟧
go to ⟦example.com⟧ now
⟦example.com⟧.
⟦Example.com⟧ and ⟦GitHub.com⟧
⟦EXAMPLE.COM⟧
访问⟦baidu.com⟧查询
在⟦taobao.com⟧上买，或在⟦jd.com⟧
⟦news.bbc.co.uk⟧
⟦gov.cn⟧的网站
⟦www.gov.cn⟧
⟦api.example.io⟧
⟦character.ai⟧
⟦example.dev⟧
⟦t.me/somebody⟧
⟦notion.so/page-1⟧
⟦www.example.app⟧ and ⟦my.example.app/start⟧
⟦blog.example.it⟧
⟦example.com:8080⟧
⟦example.com:8080/path⟧
⟦example.org/a?b=c⟧, and
@⟦example.com⟧
_⟦example.com⟧_
身份证号⟦11010519491231002X⟧。
身份证⟦11010519491231002x⟧
⟦440524188001010014⟧
⟦110105 19491231 002X⟧
⟦110105-19491231-002X⟧
我的身份证号码是⟦110101199003077715⟧，请保密
ID: ⟦110101900307771⟧
老号码⟦130503670401001⟧
电话⟦13800138000⟧
手机号：⟦138 0013 8000⟧
⟦138-0013-8000⟧
⟦+8613800138000⟧
⟦+86 138 0013 8000⟧
⟦86-13800138000⟧
⟦008613800138000⟧
请拨打⟦19912345678⟧联系我
座机⟦010-12345678⟧
⟦01062345678⟧
⟦021 62345678⟧
⟦0755-22345678⟧
⟦(010)62345678⟧
⟦（021）62345678⟧
⟦010-62345678-801⟧
⟦010-62345678转801⟧
⟦0371-6234567⟧
⟦+1 (415) 555-2671⟧
⟦+1-415-555-2671⟧
⟦+1 415 555 2671⟧.
⟦+44 20 7946 0958⟧
⟦+33 1 42 68 53 00⟧
⟦+4915112345678⟧
call ⟦(415) 555-2671⟧ today
call ⟦415-555-2671⟧ today
call ⟦1-415-555-2671⟧
Tel:⟦13800138000⟧
我住在⟦北京市朝阳区建国路88号⟧。
我住在⟦北京市朝阳区建国路88号华贸中心3号楼1201室⟧。
地址：⟦上海市浦东新区世纪大道100号⟧
地址是⟦上海市徐汇区长乐路100弄12号301室⟧
⟦广东省深圳市南山区科技园路1号⟧
⟦广东省深圳市南山区深南大道9988号⟧，欢迎
⟦广州市天河区体育西路１０１号⟧
⟦杭州市西湖区文三路 478 号⟧
⟦北京市 海淀区 中关村大街 1 号⟧
他在⟦建国路88号⟧
寄往⟦南京东路一百号⟧
住在⟦阳光小区3栋2单元501室⟧
我住⟦幸福花园12号楼3单元402⟧
⟦李家村12号⟧
⟦阳光小区3栋402⟧，⟦新疆乌鲁木齐市天山区人民路2号⟧
⟦河北省保定市定兴县李家村12号⟧
⟦四川省成都市武侯区人民南路四段18号⟧
⟦北京市东城区东四胡同5号⟧
⟦新街口外大街19号⟧
⟦内蒙古呼和浩特市新城区中山东路１２号⟧
⟦重庆市渝中区解放碑街道民权路28号⟧
我家在⟦翠苑新村8幢301室⟧
He lives at ⟦221B Baker Street⟧.
⟦221B Baker Street, London⟧ is famous
at ⟦10 Downing Street⟧,
⟦1600 Pennsylvania Ave NW, Washington, DC 20500⟧
⟦350 Fifth Avenue, New York, NY 10118⟧!
send it to ⟦42 Elm St., Springfield⟧
⟦742 Evergreen Terrace⟧
⟦12 5th Avenue Apt. 4B⟧ and
⟦5 St. James's Square, London SW1Y 4LE⟧
⟦100 Main St #12, Boston, MA 02110-1234⟧
⟦2021 Oak Lane, Portland⟧
⟦77 Massachusetts Ave⟧ is a university
"""
OPEN: Final = """
GPT-4.1 came out
version 3.14 and 2.0.1
pi is 3.14159265358979
version 1.2.3-beta.4
at 10:30, or 22:05:09
on 2024-03-08
on 03/08/2024
on 08.03.2024
2024年3月8日
二〇二四年三月八日
it costs $1,299.99
￥13800138000
¥13800138000元
共13800138000元
一共13800138000 元
价格是12345678.90元
1,234,567,890 people
10,000,000
0.12345678901
12345678901234567890
the score was 3-2
3:0
GDP grew 5.2%
50%
e.g. this
i.e. that
e.g.this, i.e.that
U.S. and U.K.
U.S.A.
a.m. and p.m.
Ph.D.
Mr. Smith and Dr. Who
etc. And so on
main.py
src/main.py
README.md
node.js
vue.js and Next.js
package.json
index.html
photo.jpg
archive.tar.gz
setup.cfg
lib.so
script.sh
lib.rs
Makefile.am
self.name
self.jobs and match.group
rhapsode.server.app
user.id
os.path.join
console.log
np.array
e.target.value
System.out.println
java.util.List
asp.net
ASP.NET
.NET
socket.io
done.So I went
It is done.It was late.
home.It rained.
He said no.Then he left.
Wait...what
wait...no
a.b
1.a
x.y.z
@user
user@localhost
me @ home
react@18.2.0
3 @ 5.99
#tag
C:\\Users\\me
/usr/local/bin
and/or
http is a protocol
https: a protocol
https://
://
the http://
www.
www
.com
dot com
com.
a domain such as .com or .org
110105194912310021
110105194913310021
990105194912310029
123456789012345678
123456789012345
11010519491231002
1101051949123100211
13800138
138001380001
12800138000
订单号20240308123456
A13800138000
2013800138000
3.13800138000
1-800-FLOWERS
911
10086
95588
+1
+100
+12345
2 + 2 = 4
3+12345678
1700000000
in 1984
1984-1999
In 2008 Wall Street fell
In 1929 Wall Street crashed.
Route 66
room 12
3 dogs and 4 cats
100 Years of Solitude
12 Angry Men
24 Hours Later
7 Wonders
5 Star Hotel
3 Street dogs
21 Jump
Main Street
Downing Street is in London.
the street at number 10
第3号线
地铁3号线
他坐3号线去北京市
8号
三月八号
5路公交车
我知道3号是周五
走路3号
道路1号
线路3号已开通
同学们3号放假
我在路上
北京市朝阳区
北京市是中国的首都
广东省深圳市
上海的南京路
建国路很长
区别是什么
超市里有3个苹果
城市和乡村
他住在一个小区
小区里有3栋楼吗
在村里住了10年
街道上的行人越来越少
路灯照着马路
第二段第3号
号外号外
一号人物
十字路口
她说："你好。"
"""
HIDDEN_CASES: Final = [line for line in HIDDEN.splitlines() if line]
OPEN_CASES: Final = [line for line in OPEN.splitlines() if line]

PARTS: Final = st.sampled_from(
    """
    abc@x.com|https://example.com/a?b=1|www.foo.com|example.com|example.com:8080/x|no.so/|11010519491231002X|13800138000
    138 0013 8000|010-12345678|+1 (415) 555-2671|(415) 555-2671|北京市朝阳区|建国路88号|3号楼1201室|世纪大道 100 号
    阳光小区3栋2单元501室|221B Baker Street|, London|1600 Pennsylvania Ave NW, Washington, DC 20500|In 2008 Wall Street
    010-12345678@a.co|@12.xx 1|-1@|main.py|hello|的确|你好|知道3号|https://例子.中国/a|http|https:|://|/|.|...|,|。|(|)|@|:|-|a|X|路|号|区|元|5|12|人|\n|\t
    """.replace("\n    ", "|").split("|")
)


def plain(case: str) -> str:
    return case.replace("⟦", "").replace("⟧", "")


def stars(case: str) -> str:
    """The case with `*` for each character between the brackets."""
    head, *rest = case.split("⟦")
    hidden = [part.split("⟧") for part in rest]
    return head + "".join("*" * len(inside) + after for inside, after in hidden)


def streamed(pieces: list[str]) -> str:
    masked = Mask()
    return "".join(map(masked.feed, pieces)) + masked.finish()


def test_there_are_enough_cases() -> None:
    assert len(HIDDEN_CASES) + len(OPEN_CASES) >= 150


@pytest.mark.parametrize("case", HIDDEN_CASES)
def test_what_identifies_people_is_hidden(case: str) -> None:
    assert mask(plain(case)) == stars(case)
    assert streamed(list(plain(case))) == stars(case)


@pytest.mark.parametrize("case", OPEN_CASES)
def test_ordinary_prose_is_not(case: str) -> None:
    assert mask(case) == case
    assert streamed(list(case)) == case


@settings(deadline=None)
@given(st.lists(st.one_of(PARTS, PARTS, PARTS, st.text(max_size=5)), max_size=12), st.randoms(use_true_random=False))
def test_how_a_text_arrives_changes_nothing(parts: list[str], chance: random.Random) -> None:
    text = "".join(parts)
    pieces: list[str] = []
    place = 0
    while place < len(text):
        size = chance.randint(1, 6)
        pieces.append(text[place : place + size])
        place += size
    masked = streamed(pieces)
    assert masked == mask(text)
    assert len(masked) == len(text)
    assert all(shown in {"*", wanted} for shown, wanted in zip(masked, text, strict=True))


ENGLISH: Final = (
    "The old keeper had watched the sea for thirty years, and he had never seen a storm like this one. In 1984 the waves "
    "rose higher than the roof, he said, and 3 ships were lost before noon. John Smith met Mary Jones in New York. "
)
CHINESE: Final = (
    "今天天气很好，我们一起去公园散步吧，顺便买一杯热咖啡。她说北京是一座古老的城市，有很多历史遗迹。我知道你喜欢在超市里买东西，"
    "同学们都在路上等着。2024年3月8日，第3号线地铁开通了，票价5元。夜色渐深，街道上的行人越来越少，只剩下昏黄的路灯照着马路。"
)


def held_back(text: str, size: int) -> list[int]:
    """After each piece of `size` characters, how many are not shown yet."""
    masked, shown, held = Mask(), 0, list[int]()
    for place in range(0, len(text), size):
        piece = text[place : place + size]
        shown += len(masked.feed(piece))
        held.append(place + len(piece) - shown)
    return held


@pytest.mark.parametrize(("prose", "size", "most"), [(ENGLISH, 4, 12), (CHINESE, 2, 8)])
def test_prose_flows_word_by_word(prose: str, size: int, most: int) -> None:
    held = held_back(prose, size)
    assert max(held) <= most
    assert sum(held) / len(held) < 3


@pytest.mark.parametrize(
    "unit", ["a", "a.", "a@", "1 ", "1-", "+1(", "区", "路1号", "北京市", "5 Aa ", "A 1 ", "......a", "https://", "人"]
)
def test_no_text_is_held_back_for_long(unit: str) -> None:
    assert max(held_back(unit * (10_000 // len(unit)), 5)) <= 430


def test_a_link_of_any_length_is_hidden_as_it_comes() -> None:
    link = "https://example.com/" + "a/" * 5000
    assert max(held_back(link, 5)) <= 8
    assert mask(f"see {link}.") == f"see {'*' * len(link)}."
