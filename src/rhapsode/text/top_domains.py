"""Top-level domains: all country codes, and the generic ones in wide use, of the list that IANA keeps.

https://data.iana.org/TLD/tlds-alpha-by-domain.txt names some 1,400. Most are brands or words (`.open`, `.show`) that
stand in code and prose far more often than in the name of a host.
"""

from typing import Final

_COUNTRIES: Final = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf
    cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg
    gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn
    kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na
    nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh
    si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc
    ve vg vi vn vu wf ws ye yt za zm zw
"""
_GENERIC: Final = """
    aero asia biz club com cyou dev edu gov icu ltd mil mobi museum net online org ren shop site tech vip wang wiki xyz
"""
_ATTRIBUTES: Final = """
    app art blog cat cloud company coop email fun games group id info ink int jobs link live media name network news
    page press pub social software space store studio team tel today top travel video website work world zone
"""
_DOUBTFUL: Final = "am as at be by do in is it me my no so to us"
_FILES: Final = "cc md mk ml mm mo pl pm ps py re rs sc sh st vi"

TOP_DOMAINS: Final = frozenset(f"{_COUNTRIES} {_GENERIC} {_ATTRIBUTES}".split())
DOUBTFUL: Final = frozenset(_DOUBTFUL.split())
"""words of English: behind the point of a sentence they make no host, with a path or a third label they do"""
ATTRIBUTES: Final = frozenset(_ATTRIBUTES.split())
"""words that stand behind a point in programs (`user.id`, `match.group`): they make a host with a path or `www.`"""
FILES: Final = frozenset(_FILES.split())
"""endings of files (`main.py`, `README.md`): they make no host without `www.`"""
PRODUCTS: Final = frozenset(
    {"ado.net", "asp.net", "java.io", "java.net", "socket.io", "system.io", "system.net", "vb.net"}
)
"""names of software that look like hosts"""
