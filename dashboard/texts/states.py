"""Statuses, identities and audit actions in words. The codes are what is stored and logged."""

from viatique.lifecycle import Action, CopyStatus
from viatique.models import IdentityState

STATUSES: dict[CopyStatus, tuple[str, str, str]] = {
    # status: (English, French, colour)
    CopyStatus.STAGING: ("being cut", "en découpe", "gray"),
    CopyStatus.QUARANTINE: ("in quarantine", "en quarantaine", "orange"),
    CopyStatus.READY: ("ready to mark", "prête à corriger", "blue"),
    CopyStatus.GRADING_IN_PROGRESS: ("being finalized", "en finalisation", "violet"),
    CopyStatus.GRADED: ("finalized", "finalisée", "green"),
    CopyStatus.GRADING_FAILED: ("finalizing failed", "finalisation en échec", "red"),
}

IDENTITIES: dict[IdentityState, tuple[str, str, str]] = {
    IdentityState.PENDING: ("not read yet", "pas encore lue", "gray"),
    IdentityState.AUTO: ("found automatically", "trouvée automatiquement", "green"),
    IdentityState.REVIEW: ("to confirm", "à confirmer", "orange"),
    IdentityState.CONFIRMED: ("confirmed", "confirmée", "green"),
    IdentityState.UNKNOWN: ("nobody on the roster", "personne de la liste", "violet"),
}

ACTIONS: dict[Action, tuple[str, str]] = {
    Action.CREATE_EXAM: ("exam created", "examen créé"),
    Action.RECEIVE: ("scan or marks received", "scan ou notes reçus"),
    Action.ROSTER: ("roster changed", "liste des élèves modifiée"),
    Action.IMPORT: ("found in a scan", "trouvée dans un scan"),
    Action.QUARANTINE: ("put in quarantine", "mise en quarantaine"),
    Action.VALIDATE: ("found good to mark", "jugée bonne à corriger"),
    Action.ARRANGE: ("pages put right", "pages remises en ordre"),
    Action.ASK_RESCAN: ("rescan asked for, or no more", "nouveau scan demandé, ou non"),
    Action.IDENTIFY: ("identity decided", "identité décidée"),
    Action.MERGE: ("merged", "fusionnée"),
    Action.LOCK: ("taken by a marker", "prise par un correcteur"),
    Action.UNLOCK: ("given back by its marker", "rendue par son correcteur"),
    Action.FORCE_UNLOCK: ("taken away from its marker", "retirée à son correcteur"),
    Action.CREATE_ANN: ("annotation made", "annotation faite"),
    Action.UPDATE_ANN: ("annotation changed", "annotation modifiée"),
    Action.DELETE_ANN: ("annotation deleted", "annotation supprimée"),
    Action.SCORE: ("points given", "points attribués"),
    Action.FINALIZE: ("finalized", "finalisée"),
    Action.REOPEN: ("reopened", "rouverte"),
    Action.EXPORT: ("exported", "exportée"),
    Action.DISPATCH: ("given to a marker", "attribuée à un correcteur"),
    Action.RELEASE: ("results released", "résultats publiés"),
    Action.VIEW_IDENTITY: ("whole page looked at", "page entière consultée"),
    Action.DOWNLOAD: ("downloaded", "téléchargée"),
    Action.ERASE: ("personal data erased", "données personnelles effacées"),
    Action.KEEP_COMMENT: ("comment kept in the bank", "commentaire gardé dans la banque"),
    Action.DROP_COMMENT: ("comment taken out of the bank", "commentaire retiré de la banque"),
    Action.RESET_METRICS: ("metrics reset", "métriques remises à zéro"),
    Action.ACCOUNT: ("account changed", "compte modifié"),
}
