"""The texts of the catalogue that are translated: stored in English, looked up in the language of the page."""

from flask_babel import lazy_gettext as _l

PROFILES = (
    _l("handles requests for assistance from ERN and has access to KPIs"),
    _l("handles requests for assistance on behalf of Coordinator"),
    _l("healthcare professional available to participate in or lead panels"),
    _l("Assists panel lead with managing panels at ERN level"),
    _l("Assists panel lead with managing panels at HCP level"),
    _l("can create or consult queries or reports on the anonymised data from the ERN"),
    _l("exchanges non-clinical information with the members of the network"),
)
