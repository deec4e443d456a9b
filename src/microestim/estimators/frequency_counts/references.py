"""The publications behind the estimators from frequency counts."""

from microestim.results import Reference

__all__ = [
    "BOHNING_2008",
    "BOHNING_2019",
    "BURNHAM_OVERTON_1979",
    "CHAO_1984",
    "CHAO_1987",
    "CHAO_BUNGE_2002",
    "CHAO_LEE_1992",
    "CHIU_2014",
    "GODWIN_BOHNING_2017",
    "GOOD_1953",
    "LANUMTEANG_BOHNING_2011",
    "NORRIS_POLLOCK_1998",
    "ROCCHETTI_2011",
    "WANG_2010",
    "WANG_LINDSAY_2005",
]

CHAO_1984 = Reference(
    authors=("Chao, A.",),
    year=1984,
    title="Nonparametric estimation of the number of classes in a population",
    journal="Scandinavian Journal of Statistics",
    volume="11",
    pages="265–270",
)
CHAO_1987 = Reference(
    authors=("Chao, A.",),
    year=1987,
    title="Estimating the population size for capture-recapture data with unequal catchability",
    journal="Biometrics",
    volume="43",
    pages="783–791",
    doi="10.2307/2531532",
)
CHIU_2014 = Reference(
    authors=("Chiu, C.-H.", "Wang, Y.-T.", "Walther, B. A.", "Chao, A."),
    year=2014,
    title=(
        "An improved nonparametric lower bound of species richness via a modified Good–Turing frequency "
        "formula"
    ),
    journal="Biometrics",
    volume="70",
    pages="671–682",
    doi="10.1111/biom.12200",
)
BOHNING_2008 = Reference(
    authors=("Böhning, D.",),
    year=2008,
    title="A simple variance formula for population size estimators by conditioning",
    journal="Statistical Methodology",
    volume="5",
    pages="410–423",
    doi="10.1016/j.stamet.2007.10.001",
)
BOHNING_2019 = Reference(
    authors=("Böhning, D.", "Kaskasamkul, P.", "van der Heijden, P. G. M."),
    year=2019,
    title="A modification of Chao's lower bound estimator in the case of one-inflation",
    journal="Metrika",
    volume="82",
    pages="361–384",
    doi="10.1007/s00184-018-0689-5",
)
LANUMTEANG_BOHNING_2011 = Reference(
    authors=("Lanumteang, K.", "Böhning, D."),
    year=2011,
    title=(
        "An extension of Chao's estimator of population size based on the first three capture frequency "
        "counts"
    ),
    journal="Computational Statistics & Data Analysis",
    volume="55",
    pages="2302–2311",
    doi="10.1016/j.csda.2011.01.017",
)
GODWIN_BOHNING_2017 = Reference(
    authors=("Godwin, R. T.", "Böhning, D."),
    year=2017,
    title="Estimation of the population size by using the one-inflated positive Poisson model",
    journal="Journal of the Royal Statistical Society C",
    volume="66",
    pages="425–448",
    doi="10.1111/rssc.12192",
)
GOOD_1953 = Reference(
    authors=("Good, I. J.",),
    year=1953,
    title="The population frequencies of species and the estimation of population parameters",
    journal="Biometrika",
    volume="40",
    pages="237–264",
    doi="10.1093/biomet/40.3-4.237",
)
CHAO_LEE_1992 = Reference(
    authors=("Chao, A.", "Lee, S.-M."),
    year=1992,
    title="Estimating the number of classes via sample coverage",
    journal="Journal of the American Statistical Association",
    volume="87",
    pages="210–217",
    doi="10.1080/01621459.1992.10475194",
)
CHAO_BUNGE_2002 = Reference(
    authors=("Chao, A.", "Bunge, J."),
    year=2002,
    title="Estimating the number of species in a stochastic abundance model",
    journal="Biometrics",
    volume="58",
    pages="531–539",
    doi="10.1111/j.0006-341X.2002.00531.x",
)
BURNHAM_OVERTON_1979 = Reference(
    authors=("Burnham, K. P.", "Overton, W. S."),
    year=1979,
    title="Robust estimation of population size when capture probabilities vary among animals",
    journal="Ecology",
    volume="60",
    pages="927–936",
    doi="10.2307/1936861",
)
NORRIS_POLLOCK_1998 = Reference(
    authors=("Norris, J. L.", "Pollock, K. H."),
    year=1998,
    title=(
        "Non-parametric MLE for Poisson species abundance models allowing for heterogeneity between species"
    ),
    journal="Environmental and Ecological Statistics",
    volume="5",
    pages="391–402",
    doi="10.1023/A:1009659922745",
)
WANG_LINDSAY_2005 = Reference(
    authors=("Wang, J.-P. Z.", "Lindsay, B. G."),
    year=2005,
    title="A penalized nonparametric maximum likelihood approach to species richness estimation",
    journal="Journal of the American Statistical Association",
    volume="100",
    pages="942–959",
    doi="10.1198/016214504000002005",
)
WANG_2010 = Reference(
    authors=("Wang, J.-P.",),
    year=2010,
    title="Estimating species richness by a Poisson-compound gamma model",
    journal="Biometrika",
    volume="97",
    pages="727–740",
    doi="10.1093/biomet/asq026",
)
ROCCHETTI_2011 = Reference(
    authors=("Rocchetti, I.", "Bunge, J.", "Böhning, D."),
    year=2011,
    title="Population size estimation based upon ratios of recapture probabilities",
    journal="Annals of Applied Statistics",
    volume="5",
    pages="1512–1533",
    doi="10.1214/10-AOAS436",
)
