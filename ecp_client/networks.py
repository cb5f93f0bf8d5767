"""The names of the European Reference Networks by the codes that the claims carry."""

from flask_babel import lazy_gettext as _l

NAMES = {
    "BOND": _l("European Reference Network on rare bone disorders"),
    "CRANIO": _l("European Reference Network on rare craniofacial anomalies and ear, nose and throat (ENT) disorders"),
    "Endo-ERN": _l("European Reference Network on rare endocrine conditions"),
    "EpiCARE": _l("European Reference Network on rare and complex epilepsies"),
    "ERKNet": _l("European Reference Network on rare kidney diseases"),
    "ERN-EYE": _l("European Reference Network on rare eye diseases"),
    "ERNICA": _l(
        "European Reference Network on rare inherited and congenital (digestive and gastrointestinal) anomalies"
    ),
    "ERN-LUNG": _l("European Reference Network on rare respiratory diseases"),
    "ERN-RND": _l("European Reference Network on rare neurological diseases"),
    "ERN-SKIN": _l("European Reference Network on rare, complex, and undiagnosed skin disorders"),
    "EURACAN": _l("European Reference Network on rare adult solid cancers"),
    "EuroBloodNet": _l("European Reference Network on rare haematological diseases"),
    "eUROGEN": _l("European Reference Network on rare urogenital diseases and complex conditions"),
    "EURO-NMD": _l("European Reference Network on neuromuscular diseases"),
    "GENTURIS": _l("European Reference Network on rare genetic tumour risk syndromes"),
    "GUARD-HEART": _l("European Reference Network on uncommon and rare diseases of the heart"),
    "ITHACA": _l(
        "European Reference Network on rare malformation syndromes, intellectual and other neurodevelopmental disorders"
    ),
    "MetabERN": _l("European Reference Network on hereditary metabolic disorders"),
    "PaedCAN": _l("European Reference Network on paediatric cancer (haemato-oncology)"),
    "RARE-LIVER": _l("European Reference Network on rare hepatological diseases"),
    "ReCONNET": _l("European Reference Network on rare connective tissue and musculoskeletal diseases"),
    "RITA": _l("European Reference Network on rare immunodeficiency, autoinflammatory and autoimmune diseases"),
    "TRANSPLANTCHILD": _l("European Reference Network on transplantation in children"),
    "VASCERN": _l("European Reference Network on rare multisystemic vascular diseases"),
}


def name(ern: str) -> str:
    """The full name of a network in the reader's language; empty for a code that is new to us."""
    return str(NAMES.get(ern, ""))
