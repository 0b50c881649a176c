from torso.scale.job import Job as Job
from torso.scale.progress_report import Status as Status
from torso.scale.progress_report import check_job as check_job
from torso.scale.progress_report import job_status as job_status
from torso.scale.running import Report as Report
from torso.scale.running import run as run
from torso.scale.worker import Worker as Worker
from torso.scale.worker import batches as batches
