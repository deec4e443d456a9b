"""The publications behind the closed-form estimators."""

from microestim.results import Reference

__all__ = [
    "BAILEY_1951",
    "BAILLARGEON_RIVEST_2007",
    "BURNHAM_ANDERSON_2004",
    "CASTLEDINE_1981",
    "CHAO_LEE_JENG_1992",
    "CHAO_TSAY_1998",
    "CHAPMAN_1951",
    "COULL_AGRESTI_1999",
    "DORAZIO_ROYLE_2003",
    "HARRIS_KRUEGER_2015",
    "LEE_CHAO_1994",
    "LE_LUDEC_2019",
    "LINCOLN_1930",
    "OTIS_1978",
    "PLEDGER_2000",
    "RIVEST_BAILLARGEON_2007",
    "RIVEST_LEVESQUE_2001",
    "RIVEST_YAUCK_2023",
    "SCHNABEL_1938",
    "SCHUMACHER_ESCHMEYER_1943",
    "SIRKEN_1970",
    "ZIPPIN_1956",
]

LINCOLN_1930 = Reference(
    authors=("Lincoln, F. C.",),
    year=1930,
    title="Calculating waterfowl abundance on the basis of banding returns",
    journal="United States Department of Agriculture Circular",
    volume="118",
    kind="report",
)
CHAPMAN_1951 = Reference(
    authors=("Chapman, D. G.",),
    year=1951,
    title=(
        "Some properties of the hypergeometric distribution with applications to zoological sample censuses"
    ),
    journal="University of California Publications in Statistics",
    volume="1",
    pages="131–160",
)
BAILEY_1951 = Reference(
    authors=("Bailey, N. T. J.",),
    year=1951,
    title="On estimating the size of mobile populations from recapture data",
    journal="Biometrika",
    volume="38",
    pages="293–306",
    doi="10.1093/biomet/38.3-4.293",
)
CASTLEDINE_1981 = Reference(
    authors=("Castledine, B. J.",),
    year=1981,
    title="A Bayesian analysis of multiple-recapture sampling for a closed population",
    journal="Biometrika",
    volume="68",
    pages="197–210",
    doi="10.1093/biomet/68.1.197",
)
RIVEST_YAUCK_2023 = Reference(
    authors=("Rivest, L.-P.", "Yauck, M."),
    year=2023,
    title="Small sample inference for two-way capture recapture experiments",
    journal="arXiv",
    doi="10.48550/arXiv.2307.11705",
    kind="misc",
)
LE_LUDEC_2019 = Reference(
    authors=("Le Ludec, C.", "Tubaro, P.", "Casilli, A. A."),
    year=2019,
    title="How many people microwork in France? Estimating the size of a new labor force",
    journal="arXiv",
    doi="10.48550/arXiv.1901.03889",
    kind="misc",
)
HARRIS_KRUEGER_2015 = Reference(
    authors=("Harris, S. D.", "Krueger, A. B."),
    year=2015,
    title="A proposal for modernizing labor laws for twenty-first-century work: the independent worker",
    journal="The Hamilton Project, Brookings Institution",
    volume="Discussion Paper 2015-10",
    kind="report",
)
SIRKEN_1970 = Reference(
    authors=("Sirken, M. G.",),
    year=1970,
    title="Household surveys with multiplicity",
    journal="Journal of the American Statistical Association",
    volume="65",
    pages="257–266",
    doi="10.1080/01621459.1970.10481077",
)
OTIS_1978 = Reference(
    authors=("Otis, D. L.", "Burnham, K. P.", "White, G. C.", "Anderson, D. R."),
    year=1978,
    title="Statistical inference from capture data on closed animal populations",
    journal="Wildlife Monographs",
    volume="62",
    pages="3–135",
)
BAILLARGEON_RIVEST_2007 = Reference(
    authors=("Baillargeon, S.", "Rivest, L.-P."),
    year=2007,
    title="Rcapture: loglinear models for capture-recapture in R",
    journal="Journal of Statistical Software",
    volume="19(5)",
    pages="1–31",
    doi="10.18637/jss.v019.i05",
)
RIVEST_BAILLARGEON_2007 = Reference(
    authors=("Rivest, L.-P.", "Baillargeon, S."),
    year=2007,
    title="Applications and extensions of Chao's moment estimator for the size of a closed population",
    journal="Biometrics",
    volume="63",
    pages="999–1006",
    doi="10.1111/j.1541-0420.2007.00779.x",
)
BURNHAM_ANDERSON_2004 = Reference(
    authors=("Burnham, K. P.", "Anderson, D. R."),
    year=2004,
    title="Multimodel inference: understanding AIC and BIC in model selection",
    journal="Sociological Methods & Research",
    volume="33(2)",
    pages="261–304",
    doi="10.1177/0049124104268644",
)
CHAO_LEE_JENG_1992 = Reference(
    authors=("Chao, A.", "Lee, S.-M.", "Jeng, S.-L."),
    year=1992,
    title=(
        "Estimating population size for capture-recapture data when capture probabilities vary by time and "
        "individual animal"
    ),
    journal="Biometrics",
    volume="48",
    pages="201–216",
    doi="10.2307/2532750",
)
CHAO_TSAY_1998 = Reference(
    authors=("Chao, A.", "Tsay, P. K."),
    year=1998,
    title=("A sample coverage approach to multiple-system estimation with application to census undercount"),
    journal="Journal of the American Statistical Association",
    volume="93",
    pages="283–293",
    doi="10.2307/2669624",
)
LEE_CHAO_1994 = Reference(
    authors=("Lee, S.-M.", "Chao, A."),
    year=1994,
    title="Estimating population size via sample coverage for closed capture-recapture models",
    journal="Biometrics",
    volume="50",
    pages="88–97",
    doi="10.2307/2533199",
)
RIVEST_LEVESQUE_2001 = Reference(
    authors=("Rivest, L.-P.", "Levesque, T."),
    year=2001,
    title="Improved log-linear model estimators of abundance in capture-recapture experiments",
    journal="Canadian Journal of Statistics",
    volume="29",
    pages="555–572",
    doi="10.2307/3316007",
)
COULL_AGRESTI_1999 = Reference(
    authors=("Coull, B. A.", "Agresti, A."),
    year=1999,
    title="The use of mixed logit models to reflect heterogeneity in capture-recapture studies",
    journal="Biometrics",
    volume="55",
    pages="294–301",
    doi="10.1111/j.0006-341X.1999.00294.x",
)
PLEDGER_2000 = Reference(
    authors=("Pledger, S.",),
    year=2000,
    title="Unified maximum likelihood estimates for closed capture-recapture models using mixtures",
    journal="Biometrics",
    volume="56",
    pages="434–442",
    doi="10.1111/j.0006-341X.2000.00434.x",
)
DORAZIO_ROYLE_2003 = Reference(
    authors=("Dorazio, R. M.", "Royle, J. A."),
    year=2003,
    title=(
        "Mixture models for estimating the size of a closed population when capture rates vary among "
        "individuals"
    ),
    journal="Biometrics",
    volume="59",
    pages="351–364",
    doi="10.1111/1541-0420.00042",
)
SCHNABEL_1938 = Reference(
    authors=("Schnabel, Z. E.",),
    year=1938,
    title="The estimation of the total fish population of a lake",
    journal="American Mathematical Monthly",
    volume="45",
    pages="348–352",
    doi="10.1080/00029890.1938.11990818",
)
SCHUMACHER_ESCHMEYER_1943 = Reference(
    authors=("Schumacher, F. X.", "Eschmeyer, R. W."),
    year=1943,
    title="The estimate of fish population in lakes or ponds",
    journal="Journal of the Tennessee Academy of Science",
    volume="18",
    pages="228–249",
)
ZIPPIN_1956 = Reference(
    authors=("Zippin, C.",),
    year=1956,
    title="An evaluation of the removal method of estimating animal populations",
    journal="Biometrics",
    volume="12",
    pages="163–189",
    doi="10.2307/3001759",
)
