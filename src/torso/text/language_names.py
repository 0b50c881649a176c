"""Languages by any of their names: codes of M2M-100, NLLB and mBART, English and Chinese.

Sources: https://arxiv.org/abs/2010.11125 (M2M-100), https://arxiv.org/abs/2207.04672 (NLLB), mBART by its prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from torso.errors import InputTypeError

# The first code is M2M-100's or the beginning of mBART's, "-" for none; the second is NLLB's; then names.
_LANGUAGES = """
af afr_Latn Afrikaans 南非语
am amh_Ethi Amharic 阿姆哈拉语
ar arb_Arab Arabic 阿拉伯语
ast ast_Latn Asturian 阿斯图里亚斯语
az azj_Latn Azerbaijani 阿塞拜疆语
ba bak_Cyrl Bashkir 巴什基尔语
be bel_Cyrl Belarusian 白俄罗斯语
bg bul_Cyrl Bulgarian 保加利亚语
bn ben_Beng Bengali 孟加拉语
br - Breton 布列塔尼语
bs bos_Latn Bosnian 波斯尼亚语
ca cat_Latn Catalan 加泰罗尼亚语
ceb ceb_Latn Cebuano 宿务语
cs ces_Latn Czech 捷克语
cy cym_Latn Welsh 威尔士语
da dan_Latn Danish 丹麦语
de deu_Latn German 德语 德文
el ell_Grek Greek 希腊语
en eng_Latn English 英语 英文
es spa_Latn Spanish 西班牙语
et est_Latn Estonian 爱沙尼亚语
fa pes_Arab Persian Farsi 波斯语
ff fuv_Latn Fulah 富拉语
fi fin_Latn Finnish 芬兰语
fr fra_Latn French 法语 法文
fy - Frisian 弗里西语
ga gle_Latn Irish 爱尔兰语
gd gla_Latn Gaelic 苏格兰盖尔语
gl glg_Latn Galician 加利西亚语
gu guj_Gujr Gujarati 古吉拉特语
ha hau_Latn Hausa 豪萨语
he heb_Hebr Hebrew 希伯来语
hi hin_Deva Hindi 印地语
hr hrv_Latn Croatian 克罗地亚语
ht hat_Latn Haitian 海地克里奥尔语
hu hun_Latn Hungarian 匈牙利语
hy hye_Armn Armenian 亚美尼亚语
id ind_Latn Indonesian 印尼语 印度尼西亚语
ig ibo_Latn Igbo 伊博语
ilo ilo_Latn Ilocano 伊洛卡诺语
is isl_Latn Icelandic 冰岛语
it ita_Latn Italian 意大利语
ja jpn_Jpan Japanese 日语 日文
jv jav_Latn Javanese 爪哇语
ka kat_Geor Georgian 格鲁吉亚语
kk kaz_Cyrl Kazakh 哈萨克语
km khm_Khmr Khmer 高棉语
kn kan_Knda Kannada 卡纳达语
ko kor_Hang Korean 韩语 朝鲜语 韩文
lb ltz_Latn Luxembourgish 卢森堡语
lg lug_Latn Ganda 卢干达语
ln lin_Latn Lingala 林加拉语
lo lao_Laoo Lao 老挝语
lt lit_Latn Lithuanian 立陶宛语
lv lvs_Latn Latvian 拉脱维亚语
mg plt_Latn Malagasy 马尔加什语
mk mkd_Cyrl Macedonian 马其顿语
ml mal_Mlym Malayalam 马拉雅拉姆语
mn khk_Cyrl Mongolian 蒙古语
mr mar_Deva Marathi 马拉地语
ms zsm_Latn Malay 马来语
my mya_Mymr Burmese 缅甸语
ne npi_Deva Nepali 尼泊尔语
nl nld_Latn Dutch 荷兰语
no nob_Latn Norwegian 挪威语
ns nso_Latn Sepedi 北索托语
oc oci_Latn Occitan 奥克语
or ory_Orya Odia Oriya 奥里亚语
pa pan_Guru Punjabi 旁遮普语
pl pol_Latn Polish 波兰语
ps pbt_Arab Pashto 普什图语
pt por_Latn Portuguese 葡萄牙语
ro ron_Latn Romanian 罗马尼亚语
ru rus_Cyrl Russian 俄语 俄文
sd snd_Arab Sindhi 信德语
si sin_Sinh Sinhala 僧伽罗语
sk slk_Latn Slovak 斯洛伐克语
sl slv_Latn Slovenian 斯洛文尼亚语
so som_Latn Somali 索马里语
sq als_Latn Albanian 阿尔巴尼亚语
sr srp_Cyrl Serbian 塞尔维亚语
ss ssw_Latn Swati 斯威士语
su sun_Latn Sundanese 巽他语
sv swe_Latn Swedish 瑞典语
sw swh_Latn Swahili 斯瓦希里语
ta tam_Taml Tamil 泰米尔语
te tel_Telu Telugu 泰卢固语
th tha_Thai Thai 泰语
tl tgl_Latn Tagalog 他加禄语 菲律宾语
tn tsn_Latn Tswana 茨瓦纳语
tr tur_Latn Turkish 土耳其语
uk ukr_Cyrl Ukrainian 乌克兰语
ur urd_Arab Urdu 乌尔都语
uz uzn_Latn Uzbek 乌兹别克语
vi vie_Latn Vietnamese 越南语
wo wol_Latn Wolof 沃洛夫语
xh xho_Latn Xhosa 科萨语
yi ydd_Hebr Yiddish 意第绪语
yo yor_Latn Yoruba 约鲁巴语
zh zho_Hans Chinese 中文 汉语 普通话 简体中文 SimplifiedChinese zh-CN zh-Hans
zu zul_Latn Zulu 祖鲁语
- yue_Hant Cantonese 粤语 广东话 yue
- zho_Hant TraditionalChinese 繁体中文 繁體中文 zh-TW zh_TW zh-Hant
- bod_Tibt Tibetan 藏语 bo
- uig_Arab Uyghur 维吾尔语 ug
"""


@cache
def rows() -> tuple[tuple[str, ...], ...]:
    """Return the names of each language: the code of two letters and NLLB's, "-" for none, then the others."""
    return tuple(tuple(line.split()) for line in _LANGUAGES.strip().splitlines())


def _row(language: str) -> tuple[str, ...] | None:
    """Return the row of a language by any of its names, or by a code of mBART's, such as ``zh_CN``."""
    if not isinstance(language, str):  # pyright: ignore[reportUnnecessaryIsInstance] - whatever the caller passed
        raise InputTypeError(
            "E_LANGUAGE",
            "A language is {kind}, not a string.",
            cure="Name it by a code or a word, such as zh or Chinese.",
            values=dict(kind=type(language).__name__),
        )
    asked = "".join(language.split()).casefold()
    for row in rows():
        if asked in {name.casefold() for name in row if name != "-"}:
            return row
    stem, mark, region = language.strip().partition("_")
    is_mbart = bool(mark) and len(region) == 2 and region.isupper()
    return next((row for row in rows() if row[0] == stem), None) if is_mbart else None


def language_code(language: str, codes: Sequence[str]) -> str | None:
    """Return a model's own code of a language; None if the model does not have it.

    Args:
        language: a code of this model's or of another's, or a name: ``zho_Hans``, ``zh_CN``, ``Chinese``, ``中文``.
        codes: the model's, such as ``zho_Hans``, ``zh_CN`` or ``__zh__``.
    """
    if language in codes:
        return language
    row = _row(language)
    if row is None:
        return f"__{language}__" if f"__{language}__" in codes else None
    short, long = row[:2]
    for code in codes:
        if code in (long, f"__{short}__") or (short != "-" and code.partition("_")[0] == short):
            return code
    return None


def short_code(language: str) -> str:
    """Return a language's code of two or three letters, such as T5's tasks are named by; itself if it is unknown."""
    row = _row(language)
    return language if row is None or row[0] == "-" else row[0]
